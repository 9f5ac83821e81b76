"""The dbt journey models against a second implementation, on random journeys and customers."""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby

import numpy as np
import pytest
from interpreter import instance_row, visit_rows, walk
from random_journeys import START, draw_interactions, draw_journey
from warehouse import JourneyWarehouse

INSTANCES = """
    select cast(customer_id as varchar), journey_key, started_at, ended_at, closed_at, outcome, path, interactions,
        stages_visited, channels
    from m.marts.fct_journeys"""
VISITS = """
    select cast(s.customer_id as varchar), s.journey_key, j.started_at, s.visit_seq, s.stage_id, s.visit_no,
        s.entered_at, s.exited_at, s.exit_reason, s.duration_s, s.active_s, s.wait_s, s.sla_breached, s.move,
        s.previous_stage, s.next_stage, s.interactions, i.ids
    from m.marts.fct_journey_stages as s
    join m.marts.fct_journeys as j on s.instance_id = j.instance_id
    join (
        select instance_id, visit_seq, list(cast(interaction_id as varchar) order by interaction_id) as ids
        from m.marts.fct_journey_interactions group by all
    ) as i on s.instance_id = i.instance_id and s.visit_seq = i.visit_seq"""
MOVES = """
    select cast(customer_id as varchar), journey_key, moved_at, from_stage, to_stage, move
    from m.marts.fct_journey_transitions"""


@pytest.mark.parametrize(
    ("seed", "customers"), [(1, 300), pytest.param(2, 10_000, marks=pytest.mark.proof, id="2-10000")]
)
def test_models_agree_with_the_second_implementation(warehouse: JourneyWarehouse, tmp_path, seed, customers):
    rng = np.random.default_rng(seed)
    journeys = [draw_journey(rng, number, tmp_path) for number in range(16)]
    interactions = draw_interactions(rng, customers)
    as_of = START + timedelta(days=4)
    instances, visits, moves, outside = _interpret(journeys, interactions, as_of)

    warehouse.load(journeys, interactions, as_of)
    assert warehouse.build() == []

    _assert_same(warehouse.read(INSTANCES), instances)
    _assert_same([(*row[:-1], tuple(row[-1])) for row in warehouse.read(VISITS)], visits)
    _assert_same(warehouse.read(MOVES), moves)
    counted = warehouse.read("select journey_key, outside_interactions from m.marts.mart_journey_outside")
    assert dict(counted) == outside
    assert {"in_progress", "dropped", "exited", "converted"} <= {row[5] for row in instances}
    assert {"entry", "forward", "skip", "back", "loop"} == {row[13] for row in visits}


def _interpret(journeys, interactions, as_of):
    instances, visits, moves = [], [], []
    outside = {j.journey_key: 0 for j in journeys}
    rows = sorted(
        (r for r in interactions.to_pylist() if r["customer_id"]), key=lambda r: (r["customer_id"], r["occurred_at"])
    )
    for customer_id, group in groupby(rows, key=lambda r: r["customer_id"]):
        events = list(group)
        for journey in journeys:
            found, missed = walk(journey, events, as_of)
            outside[journey.journey_key] += missed
            for instance in found:
                instances.append(instance_row(customer_id, journey, instance))
                walked = visit_rows(customer_id, journey, instance)
                visits += walked
                moves += [(v[0], v[1], v[6], v[14], v[4], v[13]) for v in walked if v[3] > 1]
    return instances, visits, moves, outside


def _assert_same(got: list[tuple], expected: list[tuple]) -> None:
    got, expected = sorted(got, key=repr), sorted(expected, key=repr)
    first = next((pair for pair in zip(got, expected, strict=False) if pair[0] != pair[1]), None)
    assert first is None, f"first difference, models then interpreter:\n{first[0]}\n{first[1]}"
    assert len(got) == len(expected)
