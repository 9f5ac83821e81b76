"""Versions side by side, the roll-up and the overlap of journeys, over three customers, worked out by hand."""

from __future__ import annotations

import hashlib
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

TOUCHPOINTS = {name: Touchpoint(name, name) for name in ("visited", "paid", "delivered", "called", "solved")}
DAY = datetime(2026, 1, 1)
AS_OF = DAY + timedelta(days=30)


def _journey(journey_id, parent, entry, end, *, version=1, status="approved", inactivity="10d"):
    return {
        **{"journey": journey_id, "version": version, "status": status, "use_case": "acquisition", "parent": parent},
        **{"entry": {"touchpoints": [entry]}, "timeouts": {"inactivity": inactivity}},
        "stages": [
            {"id": "begin", "touchpoints": [entry]},
            {"id": "end", "touchpoints": [end], "terminal": "converted"},
        ],
    }


# life > life.get > buy > receive, life > help. A payment ends `buy` and begins `receive`.
JOURNEYS = [
    _journey("buy", "life.get", "visited", "paid", inactivity="2d"),
    _journey("buy", "life.get", "visited", "paid", version=2),
    _journey("buy", "elsewhere", "visited", "paid", version=3, status="future", inactivity="1d"),
    _journey("receive", "buy", "paid", "delivered"),
    _journey("help", "life", "called", "solved"),
    _journey("idea", "life", "called", "delivered", status="assumed"),
]


def _id(text: str) -> str:
    return str(uuid.UUID(hashlib.md5(text.encode()).hexdigest()))


def _interaction(customer, day, touchpoint, value=None):
    return {
        **{"interaction_id": _id(f"{customer}{day}{touchpoint}"), "customer_id": _id(customer), "attributes": "{}"},
        **{"touchpoint": touchpoint, "occurred_at": DAY + timedelta(days=day), "priority": 50, "slot": 1},
        **{"channel": "web", "business_model": "b2c", "value": value and Decimal(value), "cost": Decimal("0.50")},
    }


INTERACTED = [
    _interaction("ann", 0, "visited"),
    _interaction("ann", 4, "paid", "20.00"),  # buy@2 converted after 4 days; too late for buy@1 and buy@3
    _interaction("ann", 5, "called"),
    _interaction("ann", 6, "delivered"),  # receive converted
    _interaction("ann", 7, "solved"),  # help converted, begun while receive was open
    _interaction("bob", 0, "visited"),
    _interaction("bob", 1, "paid", "5.00"),  # buy converted after 1 day in every version; receive dropped
    _interaction("bob", 25, "called"),  # help open
    _interaction("cy", 0, "visited"),  # buy dropped
]


@pytest.fixture(scope="module")
def marts(warehouse: JourneyWarehouse, tmp_path_factory) -> JourneyWarehouse:
    folder = tmp_path_factory.mktemp("atlas")
    for number, document in enumerate(JOURNEYS):
        (folder / f"{number}.yml").write_text(yaml.safe_dump(document))
    interactions = pa.Table.from_pylist(INTERACTED, schema=INTERACTIONS)
    warehouse.load(load_journeys(folder, TOUCHPOINTS), interactions, AS_OF)
    built = ("version_changes", "versions", "rollup", "overlap")
    assert warehouse.build("dim_journey_atlas", *(f"mart_journey_{name}" for name in built)) == []
    return warehouse


def test_versions_of_a_journey_stand_side_by_side_over_one_history(marts):
    assert marts.read("""
        select journey_key, status, is_current, changes, instances, customers, converted, dropped, conversion,
            median_duration_s / 86400
        from m.marts.mart_journey_versions where journey_id = 'buy' order by version""") == [
        ("buy@1", "approved", False, 0, 3, 3, 1, 2, Decimal("0.333333"), 1.0),
        ("buy@2", "approved", True, 1, 3, 3, 2, 1, Decimal("0.666667"), 2.5),
        ("buy@3", "future", False, 3, 3, 3, 1, 2, Decimal("0.333333"), 1.0),
    ]  # fmt: skip


def test_a_version_nobody_walked_is_listed_too(marts):
    # idea@1 begins with a call and waits for a delivery: one instance each of ann and bob, ann's converts.
    assert marts.read("""
        select journey_key, is_current, instances, open_instances, completed, exited, restarted
        from m.marts.mart_journey_versions where journey_id <> 'buy' order by 1""") == [
        ("help@1", True, 2, 1, 1, 0, 0),
        ("idea@1", False, 2, 1, 1, 0, 0),
        ("receive@1", True, 2, 0, 1, 0, 0),
    ]  # fmt: skip


def test_the_differences_between_versions_are_published(marts):
    assert marts.read("""
        select journey_key, previous_journey_key, kind, change, path, before, after
        from m.marts.mart_journey_version_changes order by version, change_no""") == [
        ("buy@2", "buy@1", "deadline", "changed", "timeouts.inactivity", "2d", "10d"),
        ("buy@3", "buy@2", "status", "changed", "status", "approved", "future"),
        ("buy@3", "buy@2", "parent", "changed", "parent", "life.get", "elsewhere"),
        ("buy@3", "buy@2", "deadline", "changed", "timeouts.inactivity", "10d", "1d"),
    ]  # fmt: skip


def test_the_roll_up_counts_customers_and_money_once(marts):
    # The two payments, 25.00 and 1.00 of cost, serve buy and receive: below they count in both, above once.
    assert marts.read("""
        select path, scope, journeys, instances, customers, converted, value, cost
        from m.marts.mart_journey_rollup order by path, scope""") == [
        ("life", "own", 0, 0, 0, 0, None, None),
        ("life", "with_descendants", 3, 7, 3, 4, Decimal("25.00"), Decimal("4.50")),
        ("life > help", "own", 1, 2, 2, 1, None, Decimal("1.50")),
        ("life > help", "with_descendants", 1, 2, 2, 1, None, Decimal("1.50")),
        ("life > idea", "own", 0, 0, 0, 0, None, None),
        ("life > idea", "with_descendants", 0, 0, 0, 0, None, None),
        ("life > life.get", "own", 0, 0, 0, 0, None, None),
        ("life > life.get", "with_descendants", 2, 5, 3, 3, Decimal("25.00"), Decimal("3.00")),
        ("life > life.get > buy", "own", 1, 3, 3, 2, Decimal("25.00"), Decimal("2.50")),
        ("life > life.get > buy", "with_descendants", 2, 5, 3, 3, Decimal("25.00"), Decimal("3.00")),
        ("life > life.get > buy > receive", "own", 1, 2, 2, 1, Decimal("25.00"), Decimal("1.50")),
        ("life > life.get > buy > receive", "with_descendants", 1, 2, 2, 1, Decimal("25.00"), Decimal("1.50")),
    ]  # fmt: skip


def test_a_roll_up_of_all_journeys_counts_each_instance_once(marts):
    counts = marts.read("""
        select
            (select count(*) from m.marts.fct_journeys where is_current),
            (select sum(instances) from m.marts.mart_journey_rollup where scope = 'own'),
            (select sum(instances) from m.marts.mart_journey_rollup where scope <> 'own' and level = 0)""")

    assert counts == [(7, 7, 7)]


def test_the_overlap_of_journeys_is_counted_pair_by_pair(marts):
    # bob's help began long after the others ended; ann's overlaps receive, not buy, which ended the day before.
    assert marts.read("select * from m.marts.mart_journey_overlap order by all") == [
        ("buy", "help", 3, 2, 2, Decimal("0.666667"), 0, 0),
        ("buy", "receive", 3, 2, 2, Decimal("0.666667"), 2, 2),
        ("help", "receive", 2, 2, 2, Decimal("1.000000"), 1, 0),
    ]


def test_the_atlas_is_a_closure_from_root_to_leaf(marts):
    assert marts.read("""
        select ancestor_id, depth from m.marts.dim_journey_atlas where descendant_id = 'receive' order by depth""") == [
        ("receive", 0), ("buy", 1), ("life.get", 2), ("life", 3),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "fault",
    [
        "update m.marts.mart_journey_rollup set instances = instances + 1 where node_id = 'help'",
        "delete from m.marts.mart_journey_rollup where node_id = 'life' and scope = 'with_descendants'",
        "delete from m.marts.fct_journeys where journey_key = 'buy@2'",
    ],
)
def test_the_check_of_the_roll_up_sees_a_fault(marts, fault):
    check = marts.read_checks()["atlas_counts_each_instance_once"]
    with duckdb.connect(str(marts.warehouse)) as connection:
        connection.execute(f"attach if not exists '{marts.marts}' as m")
        assert connection.execute(check).fetchall() == []
        connection.execute("begin")
        connection.execute(fault)
        assert connection.execute(check).fetchall() != []
        connection.execute("rollback")
