"""The journey marts over a dozen interactions, expectations worked out by hand."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
import yaml
from warehouse import INTERACTIONS, SURVEYS, JourneyWarehouse

from pipelines.journeys.spec import load_journeys
from quality.company import Touchpoint

NAMES = ("site_visited", "plan_viewed", "quote_asked", "order_paid", "called")
TOUCHPOINTS = {name: Touchpoint(name, name) for name in NAMES}
BUY = {
    **{"journey": "buy", "version": 1, "status": "approved", "name": "Buy", "use_case": "acquisition"},
    **{"entry": {"touchpoints": ["site_visited"]}, "timeouts": {"inactivity": "7d"}},
    "stages": [
        {"id": "a_b", "touchpoints": ["site_visited"]},
        {"id": "axb", "touchpoints": ["quote_asked"], "mandatory": False},
        {"id": "plan", "touchpoints": ["plan_viewed"]},
        {"id": "pay", "touchpoints": ["order_paid"], "terminal": "converted"},
    ],
}
GET_HELP = {
    **{"journey": "help", "version": 1, "status": "assumed", "name": "Help", "use_case": "service_efficiency"},
    **{"entry": {"touchpoints": ["called"]}, "timeouts": {"inactivity": "7d"}},
    "stages": [{"id": "call", "touchpoints": ["called", "quote_asked"]}],
}
DAY = datetime(2026, 1, 1)


def _id(text: str) -> str:
    return str(uuid.UUID(hashlib.md5(text.encode()).hexdigest()))


def _interaction(customer, day, touchpoint, channel="web", value=None, order_key=None, hour=0):
    return {
        **{"interaction_id": _id(f"{customer}{day}{hour}{touchpoint}"), "customer_id": customer and _id(customer)},
        **{"touchpoint": touchpoint, "occurred_at": DAY + timedelta(days=day, hours=hour), "priority": 50, "slot": 1},
        **{"channel": channel, "is_online": channel == "web", "assisted": channel == "call_centre"},
        **{"business_model": "b2c", "value": value and Decimal(value), "attributes": "{}", "order_key": order_key},
    }


INTERACTED = [
    _interaction("ann", 0, "site_visited"),
    _interaction("ann", 1, "plan_viewed"),
    _interaction("ann", 2, "order_paid", "store", "20.50", order_key="shop:1"),
    _interaction("bob", 0, "quote_asked"),  # outside buy and help: nothing is open yet
    _interaction("bob", 1, "site_visited"),
    _interaction("bob", 2, "quote_asked"),
    _interaction("bob", 3, "order_paid", "store", "9.50"),
    _interaction("cy", 20, "site_visited"),
    _interaction("cy", 21, "called", "call_centre"),
    _interaction("cy", 26, "order_paid"),  # after as_of: has not happened yet
    _interaction(None, 21, "site_visited"),
]
AS_OF = DAY + timedelta(days=25)


def _survey(customer, key, day, score_01, order_key=None, touchpoint=None, metric="csat"):
    return {
        **{"customer_id": _id(customer), "response_key": key, "metric": metric, "score_01": score_01},
        **{"responded_at": DAY + timedelta(days=day), "order_key": order_key, "touchpoint": touchpoint},
    }


SURVEYED = [
    _survey("ann", "by order, though later", 24, 1.0, order_key="shop:1"),
    _survey("ann", "two visits before, the latest counts", 1.5, 0.25),
    _survey("ann", "same touchpoint first", 1.5, 0.75, touchpoint="site_visited"),
    _survey("bob", "more than seven days later", 10.5, 0.0),
    _survey("cy", "one visit of one journey only", 22, 0.5, metric="ces"),
    _survey("cy", "after as_of", 26, 1.0, metric="ces"),
]


@pytest.fixture(scope="module")
def marts(warehouse: JourneyWarehouse, tmp_path_factory) -> JourneyWarehouse:
    folder = tmp_path_factory.mktemp("declared")
    for name, document in {"buy": BUY, "help": GET_HELP}.items():
        (folder / f"{name}.yml").write_text(yaml.safe_dump(document))
    journeys = load_journeys(folder, TOUCHPOINTS)
    interactions = pa.Table.from_pylist(INTERACTED, schema=INTERACTIONS)
    warehouse.load(journeys, interactions, AS_OF, pa.Table.from_pylist(SURVEYED, schema=SURVEYS))
    assert warehouse.build() == []
    return warehouse


def test_fct_journeys_adds_up_each_instance(marts):
    assert marts.read("""
        select journey_id, path, outcome, is_censored, is_current, channels, value, is_mixed, duration_s // 86400
        from m.marts.fct_journeys order by all""") == [
        ("buy", "a_b", "in_progress", True, True, "web", None, False, None),
        ("buy", "a_b>axb>pay", "converted", False, True, "store,web", Decimal("9.50"), True, 2),
        ("buy", "a_b>plan>pay", "converted", False, True, "store,web", Decimal("20.50"), True, 2),
        ("help", "call", "in_progress", True, False, "call_centre", None, False, None),
    ]  # fmt: skip


def test_an_instance_is_named_after_its_version_and_first_interaction(marts):
    start = next(i for i in INTERACTED if i["customer_id"] == _id("ann"))
    expected = uuid.UUID(int=uuid.UUID(_id("buy@1")).int ^ uuid.UUID(start["interaction_id"]).int)

    assert marts.read(f"select path from m.marts.fct_journeys where instance_id = '{expected}'") == [("a_b>plan>pay",)]


def test_mart_journey_funnel_counts_mandatory_stages_three_ways(marts):
    rows = marts.read("""
        select kind, list(instances order by step_no), list(stage_id order by step_no)
        from m.marts.mart_journey_funnel where journey_key = 'buy@1' group by kind order by kind""")

    # Of three instances two paid, one of them without `plan`; its optional `axb` is no wildcard match of `a_b`.
    assert rows == [(kind, [3, 1, 1], ["a_b", "plan", "pay"]) for kind in ("any", "ordered", "strict")]


def test_mart_journey_outside_counts_what_opened_nothing(marts):
    counted = marts.read("select * exclude (is_current) from m.marts.mart_journey_outside order by all")

    assert counted == [("buy@1", 8, 1), ("help@1", 3, 2)]


def test_survey_answers_belong_to_one_visit_at_most(marts):
    # csat = 1 + 4 × share, effort = 1 + 6 × share
    assert marts.read("""
        select stage_id, csat, effort from m.marts.fct_journey_stages
        where csat is not null or effort is not null order by all""") == [
        ("a_b", Decimal("4.0000"), None),
        ("call", None, Decimal("4.0000")),
        ("pay", Decimal("5.0000"), None),
        ("plan", Decimal("2.0000"), None),
    ]  # fmt: skip


def test_nothing_after_as_of_counts(marts):
    assert marts.read(f"select count(*) from fct_interactions where occurred_at > '{AS_OF}'") == [(1,)]
    assert marts.read("select max(occurred_at) from m.marts.fct_journey_interactions") == [(DAY + timedelta(days=21),)]


def test_interactions_without_a_customer_take_part_in_no_journey(marts):
    assert marts.read("select count(*), count(distinct customer_id) from m.marts.fct_journey_interactions") == [(8, 3)]


def test_a_second_build_over_the_same_input_changes_no_row(marts):
    tables = ["fct_journeys", "fct_journey_stages", "fct_journey_transitions", "mart_journey_funnel"]
    before = [marts.read(f"select * from m.marts.{table} order by all") for table in tables]

    assert marts.build(*tables, command="run") == []

    assert [marts.read(f"select * from m.marts.{table} order by all") for table in tables] == before
