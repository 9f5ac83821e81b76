"""The marts that explain journeys, over five customers whose walks are worked out by hand."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
import yaml
from warehouse import INTERACTIONS, SURVEYS, JourneyWarehouse

from pipelines.journeys.spec import load_journeys
from quality.company import Touchpoint

DAY = datetime(2026, 1, 5)  # a Monday
AS_OF = DAY + timedelta(days=60)
NAMES = ("site_visited", "plan_viewed", "order_paid", "unsubscribed")
TOUCHPOINTS = {name: Touchpoint(name, name, attributes=("plan_family",)) for name in NAMES}
BUY = {
    **{"journey": "buy", "version": 1, "status": "approved", "name": "Buy", "use_case": "acquisition"},
    **{"entry": {"touchpoints": ["site_visited"]}, "timeouts": {"inactivity": "7d"}},
    "stages": [
        {"id": "look", "touchpoints": ["site_visited"], "expects": {"duration_p50": "1d", "csat": 4.2}},
        {"id": "plan", "touchpoints": ["plan_viewed"]},
        {"id": "pay", "touchpoints": ["order_paid"], "terminal": "converted"},
    ],
    "exits": [{"touchpoints": ["unsubscribed"], "outcome": "exited"}],
}


def _id(text: str) -> str:
    return str(uuid.UUID(hashlib.md5(text.encode()).hexdigest()))


def _interaction(customer, day, touchpoint, channel="web", family=None, value=None, minute=0):
    return {
        **{"interaction_id": _id(f"{customer}{day}{minute}{touchpoint}"), "customer_id": _id(customer)},
        **{"touchpoint": touchpoint, "occurred_at": DAY + timedelta(days=day, minutes=minute), "priority": 50},
        **{"slot": 1, "channel": channel, "is_online": channel == "web", "assisted": channel == "call_centre"},
        **{"business_model": "b2c", "value": value and Decimal(value)},
        "attributes": json.dumps({"plan_family": family} if family else {}),
    }


INTERACTED = [
    _interaction("ann", 0, "site_visited"),
    _interaction("ann", 1, "plan_viewed", family="fibre"),
    _interaction("ann", 2, "site_visited"),
    _interaction("ann", 4, "plan_viewed", "store", "mobile"),
    _interaction("ann", 5, "order_paid", "store", value="20.00"),
    _interaction("bob", 0, "site_visited"),
    _interaction("bob", 2, "plan_viewed", family="mobile"),
    _interaction("bob", 2, "plan_viewed", "call_centre", "fibre", minute=10),
    _interaction("dee", 10, "site_visited", "store"),
    _interaction("eve", 20, "site_visited"),
    _interaction("eve", 21, "plan_viewed", family="fibre"),
    _interaction("eve", 22, "unsubscribed"),
    _interaction("cy", 58, "site_visited"),
]


@pytest.fixture(scope="module")
def marts(warehouse: JourneyWarehouse, tmp_path_factory) -> JourneyWarehouse:
    folder = tmp_path_factory.mktemp("understood")
    (folder / "buy.yml").write_text(yaml.safe_dump(BUY))
    interactions = pa.Table.from_pylist(INTERACTED, schema=INTERACTIONS)
    items = [("plan_viewed", "plan_family")]
    answered = DAY + timedelta(hours=1)
    answer = {"customer_id": _id("ann"), "response_key": "r", "metric": "csat", "score_01": 0.5}
    surveys = pa.Table.from_pylist([answer | {"responded_at": answered}], schema=SURVEYS)
    warehouse.load(load_journeys(folder, TOUCHPOINTS), interactions, AS_OF, surveys, items)
    assert warehouse.build() == []
    return warehouse


def _day(days: float) -> int:
    return int(days * 86400)


def test_the_graph_counts_every_edge_with_starts_and_ends(marts):
    rows = marts.read("""
        select from_stage, to_stage, moves, customers, share_of_from, back_moves, loop_moves, gap_p50_s, is_declared
        from m.marts.mart_journey_graph order by from_stage, to_stage""")

    assert [(f, t, m, c, round(float(s), 2), back, loop, gap, declared)
            for f, t, m, c, s, back, loop, gap, declared in rows] == [
        ("(start)", "look", 5, 5, 1.0, 0, 0, None, True),
        ("look", "(dropped)", 1, 1, 0.17, 0, 0, None, None),
        ("look", "(in_progress)", 1, 1, 0.17, 0, 0, None, None),
        ("look", "plan", 4, 3, 0.67, 0, 1, _day(1.5), True),
        ("pay", "(converted)", 1, 1, 1.0, 0, 0, None, None),
        ("plan", "(dropped)", 1, 1, 0.25, 0, 0, None, None),
        ("plan", "(exited)", 1, 1, 0.25, 0, 0, None, None),
        ("plan", "look", 1, 1, 0.25, 0, 1, _day(1), False),
        ("plan", "pay", 1, 1, 0.25, 0, 0, _day(1), True),
    ]  # fmt: skip


def test_variants_are_numbered_from_the_most_walked(marts):
    rows = marts.read("""
        select variant_no, path, instances, converted, dropped, in_progress, conversion, duration_p50_s
        from m.marts.mart_journey_variants order by variant_no""")

    assert rows == [
        (1, "look", 2, 0, 1, 1, Decimal(0), 0),
        (2, "look>plan", 2, 0, 1, 0, Decimal(0), _day(2) + 300),
        (3, "look>plan>look>plan>pay", 1, 1, 0, 0, Decimal(1), _day(5)),
    ]


def test_a_drop_out_is_told_with_its_last_steps_and_what_was_looked_at(marts):
    rows = marts.read("""
        select last_stage, last_channel, dropped_at, last_steps, items_viewed, dwell_s, wait_s, value_at_stake
        from m.marts.mart_journey_dropouts order by dropped_at""")

    bob = "site_visited (web) > plan_viewed (web) > plan_viewed (call_centre)"
    families = "plan_family=fibre, plan_family=mobile"
    assert rows == [
        ("plan", "call_centre", DAY + timedelta(days=9, minutes=10), bob, families, 600, _day(2), Decimal(20)),
        ("look", "store", DAY + timedelta(days=17), "site_visited (store)", None, 0, 0, Decimal(20)),
    ]


def test_drop_outs_are_counted_by_stage_channel_and_segment(marts):
    rows = marts.read("""
        select last_stage, last_channel, business_model, dropouts, customers, share, value_at_stake
        from m.marts.mart_journey_dropout_counts order by stage_no""")

    half, twenty = Decimal("0.5"), Decimal(20)
    assert rows == [("look", "store", "b2c", 1, 1, half, twenty), ("plan", "call_centre", "b2c", 1, 1, half, twenty)]


def test_changes_of_channel_are_told_inside_and_between_visits(marts):
    rows = marts.read("""
        select from_stage, to_stage, is_within_visit, from_channel, to_channel, direction, handoffs, latency_p50_s
        from m.marts.mart_journey_handoffs order by from_stage""")

    assert rows == [
        ("look", "plan", False, "web", "store", "online_to_offline", 1, _day(2)),
        ("plan", "plan", True, "web", "call_centre", "online_to_offline", 1, 600),
    ]


def test_expectations_are_set_against_what_was_measured(marts):
    rows = marts.read("""
        select stage_id, metric, expected, measured, gap, is_met, visits
        from m.marts.mart_journey_expectation_gap order by metric""")

    # look: left after 1, 2, 1 and 2 days; two open or dropped (known for 2 and 7): half have gone on by day 2
    assert rows == [
        ("look", "csat", Decimal("4.2"), Decimal(3), Decimal("-1.2"), False, 1),
        ("look", "duration_p50_s", _day(1), _day(2), _day(1), False, 6),
    ]


def test_the_map_has_every_declared_place_and_every_walked_edge(marts):
    rows = marts.read("""
        select kind, place, visits, instances, returns, dropped, is_declared
        from m.marts.mart_journey_map order by kind, place""")

    assert rows == [
        ("end", "look>(dropped)", 1, 1, 0, None, None),
        ("end", "look>(in_progress)", 1, 1, 0, None, None),
        ("end", "pay>(converted)", 1, 1, 0, None, None),
        ("end", "plan>(dropped)", 1, 1, 0, None, None),
        ("end", "plan>(exited)", 1, 1, 0, None, None),
        ("move", "look>plan", 4, 3, 1, None, True),
        ("move", "plan>look", 1, 1, 1, None, False),
        ("move", "plan>pay", 1, 1, 0, None, True),
        ("stage", "look", 6, 5, 1, 1, True),
        ("stage", "pay", 1, 1, 0, 0, True),
        ("stage", "plan", 4, 3, 1, 1, True),
        ("start", "(start)>look", 5, 5, 0, None, True),
    ]


def test_the_map_tells_a_stage_as_its_visits_do(marts):
    assert marts.read("""
        select instances, share_of_instances, conversion, share_dropped, open_visits, p50_s, csat_visits, csat, hotspots
        from m.marts.mart_journey_map where kind = 'stage' and place = 'look'""") == [
        (5, Decimal(1), Decimal("0.2"), Decimal("0.166667"), 1, _day(2), 1, Decimal(3), 0)
    ]


def test_drivers_count_visits_whose_fate_is_decided(marts):
    rows = marts.read("""
        select feature, feature_value, visits, dropped, rate_with, rate_without, is_driver
        from m.marts.mart_journey_dropout_drivers where stage_id = 'look' order by feature, feature_value""")

    # of the six visits of `look` one is still open; the one in the store is the one that was dropped
    assert rows == [
        ("channel", "store", 1, 1, 1, 0, False),
        ("channel", "web", 4, 0, 0, 1, False),
        ("is_return", "false", 4, 1, Decimal("0.25"), 0, False),
        ("is_return", "true", 1, 0, 0, Decimal("0.25"), False),
        ("previous_stage", "(start)", 4, 1, Decimal("0.25"), 0, False),
        ("previous_stage", "plan", 1, 0, 0, Decimal("0.25"), False),
    ]
