"""Tails and corrections in SQL against SciPy."""

from __future__ import annotations

import duckdb
import jinja2
import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import false_discovery_control, hypergeom, norm
from warehouse import REPOSITORY


@pytest.fixture(scope="module")
def macros():
    file = REPOSITORY / "dbt_project" / "macros" / "journeys" / "significance.sql"
    return jinja2.Environment().from_string(file.read_text()).module


def test_normal_tail_is_right_in_both_tails(macros):
    z = np.linspace(-8, 35, 500)
    assert _sql(macros.normal_tail("z"), z=z) == pytest.approx(norm.sf(z), rel=2e-7)


def test_share_deviate_is_as_good_as_the_exact_tail(macros):
    rng = np.random.default_rng(3)
    all_n = rng.integers(50, 20_000, 3000)
    all_hits = np.ceil(all_n * rng.uniform(0.005, 0.6, 3000)).astype(int)
    n = rng.integers(5, 40, 3000)
    hits = np.minimum(rng.hypergeometric(all_hits, all_n - all_hits, n) + rng.integers(0, 10, 3000), n)
    hits = np.minimum(hits, all_hits)
    keep = (hits > n * all_hits / all_n) & (all_n - n > all_hits - hits)
    hits, n, all_hits, all_n = hits[keep], n[keep], all_hits[keep], all_n[keep]

    deviate = _sql(
        macros.share_deviate("hits", "n", "all_hits", "all_n"), hits=hits, n=n, all_hits=all_hits, all_n=all_n
    )

    exact = hypergeom.sf(hits - 1, all_n, all_hits, n)
    ratio = (norm.sf(deviate) / exact)[exact > 1e-15]
    assert ratio.min() > 0.75 and ratio.max() < 4


def _sql(expression: str, **columns: np.ndarray) -> np.ndarray:
    with duckdb.connect() as con:
        con.register("given", pa.table({name: pa.array(c, pa.float64()) for name, c in columns.items()}))
        return np.array(con.execute(f"select {expression} from given").fetchall(), dtype=float)[:, 0]


def test_the_correction_for_many_tests_keeps_what_was_not_tested_apart(macros):
    p_values = [0.01, 0.04, 0.03, 0.005, None, 0.5]
    with duckdb.connect() as con:
        con.register("given", pa.table({"family": [1] * 6, "p_value": pa.array(p_values, pa.float64())}))
        corrected = dict(
            con.execute(f"select p_value, q_value from ({macros.correct_for_tests('given', 'family')})").fetchall()
        )

    assert corrected.pop(None) is None
    told = [p for p in p_values if p is not None]
    assert [corrected[p] for p in told] == pytest.approx(false_discovery_control(told))
