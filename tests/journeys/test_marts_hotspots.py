"""Hotspots: silent where nothing is planted, first where something is; the significance behind them against SciPy."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import jinja2
import numpy as np
import pyarrow as pa
import pytest
from planted import START, WEEK, chain, interactions, read_chains, walks
from scipy.stats import hypergeom, norm
from warehouse import REPOSITORY, SURVEYS, JourneyWarehouse

WEEKS = 10


@pytest.mark.parametrize(
    ("seeds", "customers"), [(5, 6000), pytest.param(100, 6000, marks=pytest.mark.proof, id="100-6000")]
)
def test_the_planted_bottleneck_is_first_and_null_data_has_no_hotspots(
    warehouse: JourneyWarehouse, tmp_path, record_property, seeds, customers
):
    rng = np.random.default_rng(11)
    names = [f"null{seed}" for seed in range(seeds)] + ["slow"]
    journeys = read_chains(tmp_path, [chain(tmp_path, name, 3, "5d") for name in names])
    drawn = [
        walks(rng, name, np.arange(customers) + number * customers, WEEKS, slow=name == "slow")
        for number, name in enumerate(names)
    ]
    columns = {key: np.concatenate([d[key] for d in drawn]) for key in drawn[0]}
    # as_of right after the last entries: many visits of the last week are open
    warehouse.load(journeys, interactions(**columns), START + timedelta(seconds=WEEKS * WEEK), _answers(rng, columns))

    assert warehouse.build() == []

    alarmed = warehouse.read("""
        select count(distinct journey_key) from m.marts.mart_journey_hotspots
        where is_hotspot and journey_key like 'null%'""")[0][0]
    record_property("false_hotspot_seeds", alarmed)
    tests, cells = warehouse.read("""
        select count(p_value), count(distinct (kind, place, channel, business_model, week))
        from m.marts.mart_journey_hotspots where journey_key = 'null0@1'""")[0]
    assert cells >= 200 and tests >= 500
    assert alarmed <= 0.05 * seeds
    first = warehouse.read("""
        select place, channel, business_model, week, measure in ('drop', 'dwell'), customers_lost > 0, value_lost > 0
        from m.marts.mart_journey_hotspots where journey_key = 'slow@1' and hotspot_no = 1""")
    assert first == [("s1", "call_centre", "b2b", (START + timedelta(weeks=3)).date(), True, True, True)]
    found = warehouse.read("""
        select distinct measure from m.marts.mart_journey_hotspots
        where journey_key = 'slow@1' and is_hotspot and place = 's1' order by measure""")
    assert found == [("drop",), ("dwell",)]


def _answers(rng: np.random.Generator, columns: dict) -> pa.Table:
    """Satisfaction that depends on nothing, told a minute after one interaction in five."""
    asked = np.flatnonzero(rng.random(len(columns["customer"])) < 0.2)
    given = pa.table(
        {
            **{"customer": columns["customer"][asked], "touchpoint": pa.array(columns["touchpoint"][asked])},
            **{"second": columns["second"][asked] + 60, "score": rng.integers(0, 5, len(asked)) / 4},
        }
    )
    with duckdb.connect() as con:
        con.register("given", given)
        return (
            con.sql(f"""
            select md5('c' || customer)::uuid::varchar as customer_id, 'r' || row_number() over () as response_key,
                'csat' as metric, score as score_01, timestamp '{START}' + to_seconds(second) as responded_at,
                null as order_key, null as case_key, touchpoint from given""")
            .to_arrow_table()
            .cast(SURVEYS)
        )


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
