"""Deviations and conformance in the marts, over skips, loops and late visits planted by hand."""

from __future__ import annotations

import hashlib
import shutil
import uuid
from datetime import datetime, timedelta
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
import yaml
from warehouse import INTERACTIONS, JourneyWarehouse

from pipelines.journeys.spec import load_journeys
from quality.company import Touchpoint

TOUCHPOINTS = {
    name: Touchpoint(name, name) for name in ("seen", "tried", "asked", "paid", "left", "called", "tested", "quoted")
}
BUY = {
    **{"journey": "buy", "version": 1, "status": "approved", "name": "Buy", "use_case": "acquisition"},
    **{"entry": {"touchpoints": ["seen"]}, "timeouts": {"inactivity": "7d"}},
    "stages": [
        {"id": "look", "touchpoints": ["seen"]},
        {"id": "try", "touchpoints": ["tried"], "sla": "1d"},
        {"id": "ask", "touchpoints": ["asked"], "mandatory": False},
        {"id": "pay", "touchpoints": ["paid"], "terminal": "converted"},
    ],
    "exits": [{"touchpoints": ["left"]}],
    "exclude": [{"touchpoints": ["tested"], "effect": "void"}],
}
SUPPLY = {
    **{"journey": "supply", "version": 1, "status": "approved", "name": "Supply", "use_case": "acquisition"},
    **{"entity": "account", "entry": {"touchpoints": ["quoted"]}, "timeouts": {"inactivity": "7d"}},
    "stages": [
        {"id": "quote", "touchpoints": ["quoted"]},
        {"id": "deliver", "touchpoints": ["paid"], "terminal": "converted"},
    ],
}
ENDLESS = {
    **{"journey": "care", "version": 1, "status": "approved", "name": "Care", "use_case": "service_efficiency"},
    **{"entry": {"touchpoints": ["called"]}, "timeouts": {"inactivity": "7d"}},
    "stages": [{"id": "call", "touchpoints": ["called"]}, {"id": "talk", "touchpoints": ["asked"]}],
}
NOWHERE = {  # its end cannot be reached from its entry
    **{"journey": "lost", "version": 1, "status": "assumed", "name": "Lost", "use_case": "exploration"},
    **{"entry": {"touchpoints": ["called"]}, "timeouts": {"inactivity": "7d"}},
    "stages": [
        {"id": "call", "touchpoints": ["called"]},
        {"id": "talk", "touchpoints": ["asked"]},
        {"id": "pay", "touchpoints": ["paid"], "terminal": "converted"},
    ],
    "transitions": [["talk", "pay"]],
}
DAY = datetime(2026, 1, 1)
PLANTED = {  # customer: one touchpoint a day, unless a number of days is waited before it
    "straight": ["seen", "tried", "asked", "paid"],
    "skips try": ["seen", "asked", "paid"],
    "skips it too": ["seen", "paid"],
    "loops once": ["seen", "tried", "seen", "paid"],
    "loops twice": ["seen", "tried", "seen", "tried", "paid"],
    "slow": ["seen", "tried", 3, "paid"],
    "drops": ["seen", "tried"],
    "leaves": ["seen", "left"],
    "still open": [24, "seen", "asked"],
    "cared for": ["called", "asked", "called"],
    "a test": ["seen", "asked", "seen", "tested"],
    "for a firm": ["quoted"],
}


def _uuid(text: str) -> str:
    return str(uuid.UUID(hashlib.md5(text.encode()).hexdigest()))


def _interactions() -> pa.Table:
    rows = []
    for customer, steps in PLANTED.items():
        day = 0
        for step in steps:
            if isinstance(step, int):
                day += step - 1
                continue
            rows.append(
                {
                    **{"interaction_id": _uuid(f"{customer}{day}"), "customer_id": _uuid(customer)},
                    **{"touchpoint": step, "occurred_at": DAY + timedelta(days=day), "priority": 1, "slot": 1},
                    **{"account_key": "firm:1" if customer == "for a firm" else None},
                    **{"channel": "web", "is_online": True, "business_model": "b2c", "attributes": "{}"},
                }
            )
            day += 1
    return pa.Table.from_pylist(rows, schema=INTERACTIONS)


@pytest.fixture(scope="module")
def marts(warehouse: JourneyWarehouse, tmp_path_factory) -> JourneyWarehouse:
    folder = tmp_path_factory.mktemp("declared")
    for document in (BUY, ENDLESS, NOWHERE, SUPPLY):
        (folder / f"{document['journey']}.yml").write_text(yaml.safe_dump(document))
    warehouse.load(load_journeys(folder, TOUCHPOINTS), _interactions(), DAY + timedelta(days=26))
    assert warehouse.build("mart_journey_conformance", "mart_journey_deviations") == []
    return warehouse


def _deviations(marts: JourneyWarehouse, customer: str, journey: str = "buy@1") -> list[tuple]:
    return marts.read(f"""
        select kind, stage_id, visit_seq from m.marts.fct_journey_deviations
        where customer_id = '{_uuid(customer)}' and journey_key = '{journey}' order by deviation_no""")


@pytest.mark.parametrize(
    ("customer", "deviations"),
    [
        ("straight", []),
        ("skips try", [("skipped", "try", 2)]),
        ("skips it too", [("skipped", "try", 2)]),
        ("loops once", [("loop", "look", 3)]),
        ("loops twice", [("loop", "look", 3), ("loop", "try", 4)]),
        ("slow", [("late", "try", 2)]),
        ("drops", [("missing", "pay", 2)]),
        ("leaves", [("missing", "try", 1), ("missing", "pay", 1)]),
        ("still open", []),
        ("a test", []),
    ],
)
def test_fct_journey_deviations_lists_what_was_planted(marts, customer, deviations):
    assert _deviations(marts, customer) == deviations


def test_a_journey_without_an_end_may_end_anywhere(marts):
    assert _deviations(marts, "cared for", "care@1") == [("loop", "call", 3)]


def test_deviations_of_an_organisation_have_no_customer(marts):
    assert marts.read("""
        select customer_id, kind, stage_id from m.marts.fct_journey_deviations
        where journey_key = 'supply@1'""") == [(None, "missing", "deliver")]


def test_mart_journey_deviations_counts_the_planted_skips_and_loops(marts):
    assert marts.read("""
        select kind, stage_id, deviations, instances, share_of_instances from m.marts.mart_journey_deviations
        where journey_key = 'buy@1' order by all""") == [
        ("late", "try", 1, 1, Decimal("0.125000")),
        ("loop", "look", 2, 2, Decimal("0.250000")),
        ("loop", "try", 1, 1, Decimal("0.125000")),
        ("missing", "pay", 2, 2, Decimal("0.250000")),
        ("missing", "try", 1, 1, Decimal("0.125000")),
        ("skipped", "try", 2, 2, Decimal("0.250000")),
    ]  # fmt: skip


def test_mart_journey_conformance_judges_closed_instances_by_their_paths(marts):
    # the shortest complete walk is look>try>pay; a late visit is no fault of the path
    fitness = [1, 1 - 1 / 6, 1 - 1 / 5, 1 - 1 / 7, 1 - 2 / 8, 1, 1 - 1 / 5, 1 - 2 / 4]
    rows = marts.read("""
        select journey_key, instances, variants, fitting_instances, share_fitting, path_deviations, mean_fitness
        from m.marts.mart_journey_conformance order by all""")

    assert [row[:6] for row in rows] == [
        ("buy@1", 8, 8, 2, Decimal("0.250000"), 8),
        ("care@1", 1, 1, 0, Decimal("0.000000"), 1),
        ("supply@1", 1, 1, 0, Decimal("0.000000"), 1),
    ]
    assert float(rows[0][6]) == pytest.approx(sum(fitness) / 8, abs=1e-6)


def test_a_map_without_a_complete_walk_is_not_judged(marts):
    assert marts.read("""
        select path, cost, fitness, len(deviations) from int.int_journey_variants__aligned
        where journey_key = 'lost@1'""") == [("call>talk>call", None, None, 0)]
    assert _deviations(marts, "cared for", "lost@1") == []


@pytest.mark.parametrize(
    "fault",
    [
        "delete from m.marts.fct_journey_deviations where kind = 'loop'",
        "update m.marts.fct_journey_deviations set stage_id = 'pay' where kind = 'skipped'",
        "update m.marts.mart_journey_deviations set deviations = deviations + 1",
        "update m.marts.mart_journey_conformance set path_deviations = 0",
    ],
)
def test_journey_deviations_agree_fails_when_a_fault_is_planted(marts, tmp_path, fault):
    query = marts.read_checks()["journey_deviations_agree"]
    shutil.copyfile(marts.marts, tmp_path / "c360_marts.duckdb")
    with duckdb.connect() as connection:
        connection.execute(f"attach '{tmp_path / 'c360_marts.duckdb'}' as m")
        assert connection.execute(query).fetchall() == []
        connection.execute(fault)
        assert connection.execute(query).fetchall() != []
