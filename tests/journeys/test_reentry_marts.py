"""The journey marts where instances restart, run in parallel, are void, or belong to accounts; worked out by hand."""

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

NAMES = ("seen", "ordered", "shipped", "delivered", "tested", "signed", "trained")
TOUCHPOINTS = {name: Touchpoint(name, name, attributes=("kind", "box")) for name in NAMES}
COMMON = {"version": 1, "status": "approved", "use_case": "acquisition"}
JOURNEYS = [
    {
        **COMMON,
        **{"journey": "deliver", "name": "Deliver", "correlate_by": "order_id"},
        "entry": {"touchpoints": ["ordered"], "reentry": "parallel"},
        "stages": [
            {"id": "order", "touchpoints": ["ordered"]},
            {"id": "ship", "touchpoints": ["shipped"]},
            {"id": "done", "touchpoints": ["delivered"], "terminal": "converted"},
        ],
    },
    {
        **COMMON,
        **{"journey": "unpack", "name": "Unpack", "correlate_by": "box"},
        "entry": {"touchpoints": ["shipped"], "reentry": "parallel"},
        "stages": [{"id": "ship", "touchpoints": ["shipped", "delivered"]}],
    },
    {
        **COMMON,
        **{"journey": "look", "name": "Look", "timeouts": {"max_duration": "40d"}},
        "entry": {"touchpoints": ["seen"], "reentry": "restart"},
        "stages": [
            {"id": "see", "touchpoints": ["seen"], "max_wait": "2d"},
            {"id": "order", "touchpoints": ["ordered"]},
        ],
        "exclude": [{"between": ["see", "order"], "touchpoints": ["tested"], "where": {"kind": "staff"}}],
    },
    {
        **COMMON,
        **{"journey": "onboard", "name": "Onboard", "entity": "account"},
        "entry": {"touchpoints": ["signed"]},
        "stages": [
            {"id": "sign", "touchpoints": ["signed"], "max_wait": "10d"},
            {"id": "train", "touchpoints": ["trained"]},
        ],
    },
]
DAY = datetime(2026, 1, 1)
AS_OF = DAY + timedelta(days=30)


def _id(text: str) -> str:
    return str(uuid.UUID(hashlib.md5(text.encode()).hexdigest()))


def _interaction(customer, day, touchpoint, order_key=None, account_key=None, value=None, **attributes):
    return {
        **{"interaction_id": _id(f"{customer}{day}{touchpoint}"), "customer_id": customer and _id(customer)},
        **{"touchpoint": touchpoint, "occurred_at": DAY + timedelta(days=day), "priority": 50, "slot": 1},
        **{"channel": "web", "is_online": True, "assisted": False, "attributes": json.dumps(attributes)},
        **{"business_model": "b2b" if account_key else "b2c", "order_key": order_key, "account_key": account_key},
        "value": value and Decimal(value),
    }


INTERACTED = [
    _interaction("ann", 0, "ordered", "shop:1", value="10.00"),
    _interaction("ann", 1, "ordered", "shop:2", value="20.00"),
    _interaction("ann", 2, "shipped", "shop:2", box=7),
    _interaction("ann", 3, "delivered", "shop:2"),
    _interaction("ann", 4, "shipped"),  # of the one order that is left
    _interaction("ann", 5, "shipped", "shop:9", box="8"),  # of an order nobody made
    _interaction("bob", 0, "seen"),
    _interaction("bob", 1, "seen"),  # begins anew
    _interaction("bob", 2, "tested", kind="game"),  # no exclusion
    _interaction("bob", 3, "tested", kind="staff"),
    _interaction("bob", 4, "seen"),
    _interaction("bob", 5, "ordered"),
    _interaction("bob", 6, "tested", kind="staff"),  # too late to exclude
    _interaction("cy", 28, "seen"),  # may wait until as_of
    _interaction("dee", 27, "seen"),
    _interaction("eve", 0, "signed", account_key="crm:acme"),
    _interaction("fay", 9, "trained", account_key="crm:acme"),  # of the same organisation
    _interaction(None, 10, "trained", account_key="crm:acme"),
    _interaction("eve", 0, "seen"),
    _interaction("gus", 1, "signed", account_key="crm:late"),
    _interaction("gus", 12, "trained", account_key="crm:late"),
    _interaction("gus", 13, "signed"),  # of no organisation
]
SURVEYED = [
    {
        **{"customer_id": _id("fay"), "response_key": "fay", "metric": "csat", "score_01": 1.0},
        **{"responded_at": DAY + timedelta(days=10), "touchpoint": "trained"},
    },
]


@pytest.fixture(scope="module")
def marts(warehouse: JourneyWarehouse, tmp_path_factory) -> JourneyWarehouse:
    folder = tmp_path_factory.mktemp("declared")
    for document in JOURNEYS:
        (folder / f"{document['journey']}.yml").write_text(yaml.safe_dump(document))
    warehouse.load(
        load_journeys(folder, TOUCHPOINTS),
        pa.Table.from_pylist(INTERACTED, schema=INTERACTIONS),
        AS_OF,
        pa.Table.from_pylist(SURVEYED, schema=SURVEYS),
    )
    assert warehouse.build() == []
    return warehouse


def _instances(marts: JourneyWarehouse, journey: str, columns: str) -> list[tuple]:
    return marts.read(f"select {columns} from m.marts.fct_journeys where journey_id = '{journey}' order by started_at")


def test_orders_are_walked_side_by_side(marts):
    assert _instances(marts, "deliver", "correlation_key, path, outcome, value, interactions") == [
        ("shop:1", "order>ship", "in_progress", Decimal("10.00"), 2),
        ("shop:2", "order>ship>done", "converted", Decimal("20.00"), 3),
    ]


def test_an_attribute_may_keep_instances_apart(marts):
    assert _instances(marts, "unpack", "correlation_key, interactions") == [("7", 3), ("8", 1)]


def test_a_restart_ends_the_instance_and_a_void_one_stays_out_of_the_marts(marts):
    assert _instances(marts, "look", "outcome, path, is_censored, epoch(closed_at - started_at) // 86400")[:4] == [
        ("restarted", "see", False, 1),
        ("dropped", "see", True, 2),
        ("void", "see", False, 2),
        ("in_progress", "see>order", True, None),
    ]
    started = marts.read("""
        select distinct started from m.marts.mart_journey_funnel where journey_key = 'look@1' and kind = 'any'""")
    assert started == [(5,)]  # of six instances


def test_a_wait_ends_after_its_deadline_and_not_at_it(marts):
    assert _instances(marts, "look", "outcome, next_change_at, closed_at")[-2:] == [
        ("dropped", None, DAY + timedelta(days=29)),
        ("in_progress", AS_OF, None),
    ]
    assert marts.read("""
        select distinct max_wait_s, exit_reason from m.marts.fct_journey_stages
        where journey_id = 'look' and stage_id = 'see' order by all""") == [
        (172_800, "excluded"), (172_800, "max_wait"), (172_800, "next_stage"), (172_800, "restarted"),
        (172_800, None),
    ]  # fmt: skip


def test_an_account_walks_with_the_interactions_of_all_its_people(marts):
    assert _instances(marts, "onboard", "entity, customer_id, account_key, path, interactions, outcome") == [
        ("account", None, "crm:acme", "sign>train", 3, "in_progress"),
        ("account", None, "crm:late", "sign", 1, "dropped"),
    ]
    assert marts.read("""
        select entity, count(*), count(customer_id), count(account_key) from m.marts.fct_journeys
        group by entity order by entity""") == [("account", 2, 0, 2), ("customer", 10, 10, 0)]


def test_the_moves_and_interactions_of_an_account_are_there_too(marts):
    for table, rows in {"fct_journey_transitions": 1, "fct_journey_interactions": 4}.items():
        counted = marts.read(
            f"select count(*), count(customer_id) from m.marts.{table} where journey_key = 'onboard@1'"
        )
        assert counted == [(rows, 0)], table


def test_the_answer_of_a_customer_may_belong_to_a_visit_of_the_account(marts):
    assert marts.read("select stage_id, csat from m.marts.fct_journey_stages where csat is not null") == [
        ("train", Decimal("5.0000"))
    ]


def test_what_belongs_to_no_instance_is_counted(marts):
    assert marts.read("select * exclude (is_current) from m.marts.mart_journey_outside order by all") == [
        ("deliver@1", 7, 2),  # the order of bob has no key, neither is one open; nobody made shop:9
        ("look@1", 9, 2),  # ann only orders
        ("onboard@1", 5, 1),
        ("unpack@1", 4, 0),
    ]


def test_the_graph_leaves_void_walks_out_and_counts_organisations(marts):
    rows = marts.read("""
        select journey_key, from_stage, to_stage, moves, instances, customers
        from m.marts.mart_journey_graph where journey_key in ('look@1', 'onboard@1') order by all""")

    # of bob's three walks one is void
    assert rows == [
        ("look@1", "(start)", "see", 5, 5, 4),
        ("look@1", "order", "(in_progress)", 1, 1, 1),
        ("look@1", "see", "(dropped)", 2, 2, 2),
        ("look@1", "see", "(in_progress)", 1, 1, 1),
        ("look@1", "see", "(restarted)", 1, 1, 1),
        ("look@1", "see", "order", 1, 1, 1),
        ("onboard@1", "(start)", "sign", 2, 2, 2),
        ("onboard@1", "sign", "(dropped)", 1, 1, 1),
        ("onboard@1", "sign", "train", 1, 1, 1),
        ("onboard@1", "train", "(in_progress)", 1, 1, 1),
    ]


def test_a_drop_out_names_its_deadline_and_its_customer_or_account(marts):
    rows = marts.read("""
        select journey_key, last_stage, exit_reason, cast(customer_id as varchar), account_key, dropped_at
        from m.marts.mart_journey_dropouts order by journey_key, dropped_at""")

    assert rows == [
        ("look@1", "see", "max_wait", _id("eve"), None, DAY + timedelta(days=2)),
        ("look@1", "see", "max_wait", _id("dee"), None, DAY + timedelta(days=29)),
        ("onboard@1", "sign", "max_wait", None, "crm:late", DAY + timedelta(days=11)),
    ]


def test_a_wait_is_censored_at_its_own_deadline(marts):
    # see: bob left after 1 day by a restart, another time by a move; dee and eve waited their two days, cy as long
    assert marts.read("""
        select visits, advanced, censored, p50_s, horizon_s // 86400
        from m.marts.mart_journey_stage_durations
        where journey_key = 'look@1' and stage_id = 'see' and business_model = 'all'""") == [(5, 1, 4, None, 2)]
