"""The dbt journey models against a second implementation, on random journeys and customers."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from interpreted_rows import InstanceRow, VisitRow, instance_row, visit_rows, walk_everyone
from occurrences import EVERYTHING, occurrences
from random_journeys import START, draw_interactions, draw_journey
from warehouse import JourneyWarehouse

from pipelines.journeys.model import Journey

AS_OF = START + timedelta(days=4)
INSTANCES = """
    select cast(instance_id as varchar), coalesce(account_key, cast(customer_id as varchar)), journey_key,
        correlation_key, started_at, last_interaction_at, ended_at, closed_at, next_change_at, outcome, duration_s,
        active_s, path, interactions, stages_visited, channels, value, cost
    from m.marts.fct_journeys"""
VISITS = """
    select cast(s.instance_id as varchar), coalesce(j.account_key, cast(j.customer_id as varchar)), s.journey_key,
        s.visit_seq, s.stage_id, s.visit_no, s.entered_at, s.exited_at, s.exit_reason, s.duration_s, s.active_s,
        s.wait_s, s.sla_breached, s.move, s.previous_stage, s.next_stage, s.interactions, s.value, s.cost, i.ids
    from m.marts.fct_journey_stages as s
    join m.marts.fct_journeys as j on s.instance_id = j.instance_id
    join (
        select instance_id, visit_seq, list(cast(interaction_id as varchar) order by interaction_id) as ids
        from m.marts.fct_journey_interactions group by all
    ) as i on s.instance_id = i.instance_id and s.visit_seq = i.visit_seq"""
MOVES = """
    select cast(instance_id as varchar), journey_key, moved_at, from_stage, to_stage, move
    from m.marts.fct_journey_transitions"""
OUTSIDE = "select journey_key, outside_interactions from m.marts.mart_journey_outside"


@pytest.mark.parametrize(
    ("seed", "customers", "journeys"),
    [
        (1, 300, 18),
        *(pytest.param(seed, 2_500, 30, marks=pytest.mark.proof, id=f"{seed}-2500-30") for seed in range(2, 7)),
    ],
)
def test_models_agree_with_the_second_implementation(
    warehouse: JourneyWarehouse, tmp_path: Path, seed: int, customers: int, journeys: int
):
    rng = np.random.default_rng(seed)
    drawn = [draw_journey(rng, number, tmp_path) for number in range(journeys)]
    interactions = draw_interactions(rng, customers)
    expected = _Interpreted(drawn, interactions)

    warehouse.load(drawn, interactions, AS_OF)
    assert warehouse.build() == []

    _assert_same([InstanceRow(*row) for row in warehouse.read(INSTANCES)], expected.instances)
    _assert_same([VisitRow(*row[:-1], tuple(row[-1])) for row in warehouse.read(VISITS)], expected.visits)
    _assert_same(warehouse.read(MOVES), expected.moves)
    assert dict(warehouse.read(OUTSIDE)) == expected.outside
    assert EVERYTHING - expected.seen == set(), "never occurred, so nothing is proved about it"


class _Interpreted:
    """What the interpreter makes of a sample."""

    def __init__(self, journeys: list[Journey], interactions: pa.Table):
        self.instances: list[InstanceRow] = []
        self.visits: list[VisitRow] = []
        self.moves: list[tuple] = []
        self.outside = Counter({journey.journey_key: 0 for journey in journeys})
        self.seen: set[str] = set()
        for journey, entity_id, instances, outside in walk_everyone(journeys, interactions.to_pylist(), AS_OF):
            self.outside[journey.journey_key] += len(outside)
            self.seen.update(occurrences(journey, instances, outside, AS_OF))
            for instance in instances:
                visits = visit_rows(entity_id, journey, instance)
                self.instances.append(instance_row(entity_id, journey, instance))
                self.visits += visits
                self.moves += [
                    (v.instance_id, v.journey_key, v.entered_at, v.previous_stage, v.stage_id, v.move)
                    for v in visits[1:]
                ]


def _assert_same(got: list[tuple], expected: list[tuple]) -> None:
    """Equal as bags; else the first row that only one of them has."""
    surplus, missing = Counter(got) - Counter(expected), Counter(expected) - Counter(got)
    first = min([*surplus, *missing], key=lambda row: repr(row[:3]), default=None)
    assert first is None, (
        f"{surplus.total()} rows only in the models, {missing.total()} only in the interpreter; the first:\n"
        + "\n".join(f"{who}: {row}" for who, rows in [("models", surplus), ("interpreter", missing)]
                    for row in rows if row[:2] == first[:2])
    )  # fmt: skip
