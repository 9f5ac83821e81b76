"""Beside PM4Py: the same costs of alignment on random paths over random maps, the same variants in an exported log.

Put here: what is compared with PM4Py. Keep out: how it is asked (ask_pm4py.py).
"""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from random_journeys import START, draw_interactions, draw_journey
from support.own_python import find_pm4py_python
from warehouse import JourneyWarehouse

from pipelines.journeys.align import align_variants
from pipelines.journeys.xes import write_xes

pytestmark = pytest.mark.xdist_group("pm4py")


@pytest.fixture(scope="module")
def ask():
    python = find_pm4py_python()

    def run(question: str, file: Path):
        command = [str(python), str(Path(__file__).with_name("ask_pm4py.py")), question, str(file)]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        assert told.returncode == 0, told.stderr[-2000:]
        return json.loads(told.stdout.splitlines()[-1])

    return run


@pytest.mark.parametrize(
    ("seed", "maps", "paths"), [(1, 6, 25), pytest.param(2, 60, 180, marks=pytest.mark.proof, id="2-60-180")]
)
def test_alignment_costs_what_it_costs_in_pm4py(ask, tmp_path, seed, maps, paths, record_property):
    rng = np.random.default_rng(seed)
    asked = [
        {"net": net, "paths": _draw_paths(rng, len(net["stages"]), paths)}
        for net in (_draw_net(rng) for _ in range(maps))
    ]
    (tmp_path / "asked.json").write_text(json.dumps(asked))

    theirs = ask("costs", tmp_path / "asked.json")

    compared, seen = 0, set()
    for one, (shortest, *costs) in zip(asked, theirs, strict=True):
        nets = pa.array([json.dumps(one["net"])] * len(costs))
        ours = align_variants(nets, pa.array(one["paths"])).to_pylist()
        assert [aligned["cost"] for aligned in ours] == costs, one
        assert [aligned["fitness"] for aligned in ours] == pytest.approx(
            [1 - cost / (len(path.split(">")) + shortest) for path, cost in zip(one["paths"], costs, strict=True)]
        )
        compared, seen = compared + len(costs), seen | set(costs)
    record_property("variants", compared)
    assert compared == maps * paths
    assert {0, 1, 2, 3} <= seen


def test_an_exported_log_holds_the_same_variants_in_pm4py(ask, warehouse: JourneyWarehouse, tmp_path):
    rng = np.random.default_rng(12)
    warehouse.load([draw_journey(rng, 0, tmp_path)], draw_interactions(rng, 200), START + timedelta(days=4))
    assert warehouse.build("fct_journeys", "fct_journey_stages", command="run") == []
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse.marts}' as m (read_only); use m")
        write_xes(connection, "j0@1", tmp_path / "log.xes")

    told = ask("variants", tmp_path / "log.xes")

    assert told == dict(
        warehouse.read("select path, count(*) from m.marts.fct_journeys where outcome <> 'void' group by path")
    )


def _draw_net(rng: np.random.Generator) -> dict:
    """A map with skips, ways back and circles, on which every walk can end."""
    count = int(rng.integers(3, 9))
    moves = {(n, n + 1) for n in range(1, count)}
    moves |= {(int(a), int(b)) for a, b in rng.integers(1, count + 1, (int(rng.integers(0, 6)), 2)) if a != b}
    return {
        **{"stages": [f"s_{n}" for n in range(count)], "mandatory": [1, count], "moves": sorted(moves)},
        **{
            "entry": sorted({1, int(rng.integers(1, count))}),
            "final": sorted({count, int(rng.integers(2, count + 1))}),
        },
    }


def _draw_paths(rng: np.random.Generator, stages: int, count: int) -> list[str]:
    """Distinct paths, no stage twice in a row: half of them at random, half mostly straight on."""
    paths: dict[str, None] = {}
    while len(paths) < count:
        steps = rng.integers(1, stages, int(rng.integers(0, 11)))
        if rng.random() < 0.5:
            steps = np.where(rng.random(len(steps)) < 0.7, 1, steps)
        walked = (rng.integers(0, stages) * (rng.random() < 0.3) + np.cumsum([0, *steps])) % stages
        paths[">".join(f"s_{n}" for n in walked)] = None
    return list(paths)
