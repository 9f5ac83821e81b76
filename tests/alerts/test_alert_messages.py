"""Who is told, what hangs on a check, and the words of a message."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.alerts.message import Alert, compose
from pipelines.alerts.route import Graph, channels_of, journeys_fed_by, owner_of
from pipelines.journeys.spec import load_journeys
from quality.channel import Channel
from quality.company import Company, load_company

SHOP = Path(__file__).parents[1] / "integration" / "corner_shop"
GRAPH = Graph(
    reads={
        "std/std_orders": frozenset({"landing/orders"}),
        "marts/fct_orders": frozenset({"std/std_orders"}),
        "marts/dim_customers": frozenset({"marts/fct_orders", "marts/dim_customers"}),
        "governance/contracts": frozenset({"landing/orders"}),
        "marts/dim_dates": frozenset(),
    },
    owners={"marts/fct_orders": "customer-data"},
)
HELD = Alert(
    run_id="r1",
    asset="landing/orders",
    check="batch_within_error_rate",
    event="failed",
    severity="block",
    failing_rows=2,
    threshold="10 %",
    observed="2 of 4 rows",
    since=datetime(2026, 1, 7, 3, 5),
    look="c360 quarantine show orders --batch b1",
    downstream=tuple(f"table_{n}" for n in range(9)),
    journeys=("buy",),
)
LATE = replace(HELD, check="last_order_is_fresh", event="still", severity="warn", look="", downstream=(), journeys=())
WELL = replace(LATE, check="enough_orders", event="holds again")


@pytest.fixture(scope="module")
def shop() -> Company:
    return load_company(SHOP)


def test_tables_downstream_are_named_nearest_first_and_once():
    layers = ("marts", "governance")
    assert GRAPH.downstream("landing/orders", layers) == [
        "governance/contracts",
        "marts/fct_orders",
        "marts/dim_customers",
    ]
    assert GRAPH.downstream("marts/dim_customers", layers) == []


def test_a_dataset_belongs_to_the_team_of_its_contract_and_a_table_to_its_owner(shop):
    assert owner_of(shop, GRAPH, "landing/orders") == "shop"
    assert owner_of(shop, GRAPH, "marts/fct_orders") == "customer-data"


def test_the_contract_says_how_its_owner_is_reached_else_the_team_else_the_company(shop):
    orders = shop.by_dataset["orders"]
    teams = {"shop": (Channel("mailto:shop@shop.example"),), "customer-data": (Channel("${DATA_HOOK}"),)}
    told = replace(shop, teams=teams, contracts=(replace(orders, alert_addresses=("file:orders.jsonl",)),))
    assert channels_of(told, GRAPH, "landing/orders") == (Channel("file:orders.jsonl"),)
    assert channels_of(replace(shop, teams=teams), GRAPH, "landing/orders") == teams["shop"]
    assert channels_of(replace(shop, teams=teams), GRAPH, "marts/fct_orders") == teams["customer-data"]
    assert channels_of(shop, GRAPH, "landing/orders") == (Channel("file:alerts.jsonl"),)


def test_journeys_are_those_with_a_touchpoint_of_the_dataset(shop):
    journeys = load_journeys(shop.journeys_dir, shop.touchpoints)
    assert journeys_fed_by(shop.by_dataset["orders"], journeys) == ["buy"]
    assert journeys_fed_by(shop.by_dataset["customers"], journeys) == []


def test_a_message_begins_with_what_is_most_severe_and_ends_with_what_holds_again():
    message = compose("shop", "shop-team", "r1", [WELL, LATE, HELD])
    assert message.title == "shop: 1 blocking, 1 warning, 1 holding again"
    assert [a["check"] for a in message.body["alerts"]] == [HELD.check, LATE.check, WELL.check]
    assert message.text.splitlines()[3:] == [
        "BLOCK  landing/orders: batch within error rate: does not hold",
        "  2 rows; seen 2 of 4 rows; allowed 10 %",
        "  look: c360 quarantine show orders --batch b1",
        "  downstream: table_0, table_1, table_2, table_3, table_4, table_5 and 3 more",
        "  journeys: buy",
        "",
        "WARN  landing/orders: last order is fresh: does not hold",
        "  still fails, since 2026-01-07 03:05 UTC",
        "  2 rows; seen 2 of 4 rows; allowed 10 %",
        "",
        "OK  landing/orders: enough orders: holds again",
        "  failed since 2026-01-07 03:05 UTC",
        "",
        "key r1:shop-team",
    ]


def test_each_alert_has_a_key_of_its_run_asset_and_check_also_alone():
    together = compose("shop", "shop-team", "r1", [HELD, LATE])
    assert [a["key"] for a in together.body["alerts"]] == [HELD.key, LATE.key]
    alone = compose("shop", "shop-team", "r1", [HELD])
    assert alone.key == alone.body["key"] == "r1:landing/orders:batch_within_error_rate"


def test_the_run_is_linked_where_there_is_a_page_for_it():
    linked = replace(HELD, run_url="https://dagster.shop.example/runs/r1")
    assert "  run: https://dagster.shop.example/runs/r1" in compose("shop", "shop-team", "r1", [linked]).text
