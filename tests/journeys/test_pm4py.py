"""Beside PM4Py: the same costs of alignment on random paths over random maps, the same variants in an exported log.

Put here: what is compared with PM4Py, the only place that may import it (it is AGPL, a tool of the tests).
"""

from __future__ import annotations

import json
from datetime import timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from random_journeys import START, draw_interactions, draw_journey
from warehouse import JourneyWarehouse

from pipelines.journeys.align import align_variants
from pipelines.journeys.xes import write_xes

pytestmark = [pytest.mark.xdist_group("pm4py"), pytest.mark.usefixtures("pm4py")]
MOVE = 10_000  # what PM4Py takes for a move of one side alone; silent moves cost 1


@pytest.fixture(scope="module")
def pm4py():
    """Imported when the first test runs, not when tests are collected: it takes seconds."""
    return pytest.importorskip("pm4py", reason="PM4Py is not installed; it comes with the extra pm4py")


@pytest.mark.parametrize(
    ("seed", "maps", "paths"), [(1, 6, 25), pytest.param(2, 60, 180, marks=pytest.mark.proof, id="2-60-180")]
)
def test_alignment_costs_what_it_costs_in_pm4py(seed, maps, paths, record_property):
    rng = np.random.default_rng(seed)
    compared, costs = 0, set()
    for _ in range(maps):
        net = _draw_net(rng)
        variants = _draw_paths(rng, len(net["stages"]), paths)
        aligned = align_variants(pa.array([json.dumps(net)] * len(variants)), pa.array(variants)).to_pylist()
        petri = _petri(net)
        shortest = _cost("", petri)
        for path, ours in zip(variants, aligned, strict=True):
            cost = _cost(path, petri)
            assert ours["cost"] == cost, (net, path)
            assert ours["fitness"] == pytest.approx(1 - cost / (len(path.split(">")) + shortest)), (net, path)
            compared, costs = compared + 1, costs | {cost}
    record_property("variants", compared)
    assert compared >= maps * paths * 0.9
    assert {0, 1, 2, 3} <= costs


def test_an_exported_log_holds_the_same_variants_in_pm4py(pm4py, warehouse: JourneyWarehouse, tmp_path):
    rng = np.random.default_rng(12)
    warehouse.load([draw_journey(rng, 0, tmp_path)], draw_interactions(rng, 200), START + timedelta(days=4))
    assert warehouse.build("run") == []
    with duckdb.connect() as connection:
        connection.execute(f"attach '{warehouse.marts}' as m (read_only); use m")
        write_xes(connection, "j0@1", tmp_path / "log.xes")

    log = pm4py.read_xes(str(tmp_path / "log.xes"))

    found = {">".join(path): count for path, count in pm4py.get_variants(log).items()}
    assert found == dict(warehouse.read("select path, count(*) from m.marts.fct_journeys group by path"))


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


def _petri(net: dict) -> tuple:
    """A place for each stage, one before the first and one after the last; a transition for each move."""
    from pm4py.objects.petri_net.obj import Marking, PetriNet
    from pm4py.objects.petri_net.utils.petri_utils import add_arc_from_to

    petri, end = PetriNet("map"), len(net["stages"]) + 1
    places = [PetriNet.Place(f"p_{n}") for n in range(end + 1)]
    petri.places.update(places)
    moves = [*((0, stage) for stage in net["entry"]), *net["moves"], *((stage, end) for stage in net["final"])]
    for start, stage in moves:
        label = None if stage == end else net["stages"][stage - 1]
        transition = PetriNet.Transition(f"t_{start}_{stage}", label)
        petri.transitions.add(transition)
        add_arc_from_to(places[start], transition, petri)
        add_arc_from_to(transition, places[stage], petri)
    return petri, Marking({places[0]: 1}), Marking({places[end]: 1})


def _cost(path: str, petri: tuple) -> int:
    from pm4py.algo.conformance.alignments.petri_net import algorithm
    from pm4py.objects.log.obj import Event, Trace

    trace = Trace([Event({"concept:name": stage}) for stage in path.split(">") if stage])
    aligned = algorithm.apply_trace(trace, *petri, variant=algorithm.Variants.VERSION_DIJKSTRA_LESS_MEMORY)
    return aligned["cost"] // MOVE
