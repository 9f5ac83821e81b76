"""What holds of journey facts on every build, and that each check finds the fault it is there for.

Put here: one planted fault for each invariant. Keep out: the invariants themselves (dbt_project/tests/journeys).
"""

from __future__ import annotations

from datetime import timedelta

import duckdb
import numpy as np
import pytest
from random_journeys import START, draw_interactions, draw_journey
from warehouse import JourneyWarehouse

FAULTS = {
    "an instance without a visit": (
        """insert into m.marts.fct_journeys
           select * replace (md5(instance_id::varchar)::uuid as instance_id, false as is_current)
           from m.marts.fct_journeys limit 1""",
        "every_instance_has_one_first_visit",
    ),
    "a visit without its instance": (
        """update m.marts.fct_journeys set instance_id = md5(instance_id::varchar)::uuid
           where instance_id = (select min(instance_id) from m.marts.fct_journeys)""",
        "every_instance_has_one_first_visit",
    ),
    "a move that got lost": (
        """delete from m.marts.fct_journey_transitions
           where instance_id = (select min(instance_id) from m.marts.fct_journey_transitions) and visit_seq = 1""",
        "moves_are_visits_less_instances",
    ),
    "a move to another stage": (
        """update m.marts.fct_journey_transitions set to_stage = to_stage || '_'
           where instance_id = (select min(instance_id) from m.marts.fct_journey_transitions) and visit_seq = 1""",
        "moves_are_visits_less_instances",
    ),
    "an interaction that got lost": (
        """delete from m.marts.fct_journey_interactions
           where (instance_id, interaction_id) = (
               select (instance_id, interaction_id) from m.marts.fct_journey_interactions
               order by all limit 1)""",
        "visits_hold_every_journey_interaction",
    ),
    "money counted twice": (
        """update m.marts.fct_journeys set value = coalesce(value, 0) + 1
           where instance_id = (select min(instance_id) from m.marts.fct_journeys)""",
        "visits_hold_every_journey_interaction",
    ),
    "an interaction outside counted inside": (
        """update m.marts.mart_journey_outside set outside_interactions = outside_interactions - 1
           where journey_key = (
               select min(journey_key) from m.marts.mart_journey_outside where outside_interactions > 0)""",
        "visits_hold_every_journey_interaction",
    ),
    "a visit a second too long": (
        """update m.marts.fct_journey_stages set duration_s = duration_s + 1, wait_s = wait_s + 1
           where instance_id = (select min(instance_id) from m.marts.fct_journeys where ended_at is not null)
               and visit_seq = 1""",
        "stage_time_is_instance_time",
    ),
    "a hole between two visits": (
        """update m.marts.fct_journey_stages set exited_at = exited_at - interval 1 second
           where instance_id = (select min(instance_id) from m.marts.fct_journey_stages where visit_seq = 2)
               and visit_seq = 1""",
        "stage_time_is_instance_time",
    ),
    "an open visit in a closed instance": (
        """update m.marts.fct_journeys set outcome = 'in_progress'
           where instance_id = (select min(instance_id) from m.marts.fct_journeys where outcome = 'dropped')""",
        "stage_time_is_instance_time",
    ),
    "a step reached more often than the one before": (
        """update m.marts.mart_journey_funnel set instances = previous_instances + 1
           where (journey_key, business_model, kind, step_no) = (
               select (journey_key, business_model, kind, step_no) from m.marts.mart_journey_funnel
               where kind = 'any' order by all limit 1)""",
        "funnel_never_grows",
    ),
    "an edge walked once more": (
        """update m.marts.mart_journey_graph set moves = moves + 1
           where (journey_key, from_stage, to_stage) = (
               select (journey_key, from_stage, to_stage) from m.marts.mart_journey_graph
               where kind = 'move' order by all limit 1)""",
        "journey_graph_balances",
    ),
    "a drop-out missing in its list": (
        """delete from m.marts.mart_journey_dropouts
           where instance_id = (select min(instance_id) from m.marts.mart_journey_dropouts)""",
        "dropout_lists_are_as_long_as_their_counts",
    ),
}


@pytest.fixture(scope="module")
def built(warehouse: JourneyWarehouse, tmp_path_factory) -> JourneyWarehouse:
    """Random journeys, built; every check holds."""
    rng = np.random.default_rng(5)
    folder = tmp_path_factory.mktemp("journeys")
    journeys = [draw_journey(rng, number, folder) for number in range(6)]
    warehouse.load(journeys, draw_interactions(rng, 200), START + timedelta(days=4))
    assert warehouse.build() == []
    return warehouse


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_fails_its_check_and_no_other(built: JourneyWarehouse, fault: str):
    (statement, check), checks = FAULTS[fault], built.read_checks()
    with duckdb.connect(str(built.warehouse)) as con:
        con.execute(f"attach if not exists '{built.marts}' as m; begin")  # and no commit: the tables stay as they were
        changed = con.execute(statement).fetchall()[0][0]
        failed = [name for name, query in checks.items() if con.execute(query).fetchall()]

    assert changed == 1
    assert failed == [check]
    assert len(checks) >= 5
