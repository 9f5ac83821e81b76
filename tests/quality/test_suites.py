"""Suites follow from contracts: what is checked, how hard, and what SQL it reads."""

import dataclasses
from datetime import date, datetime
from pathlib import Path

import pytest

from quality.contract import Rule
from quality.read_contract import read_contract
from quality.suites import landing_suites

AS_OF = datetime(2024, 3, 2)
ORDERS = read_contract(Path(__file__).with_name("shop") / "contracts/shop_orders.odcs.yaml")


def received(contract=ORDERS) -> dict:
    return {c.name: c for c in landing_suites(contract, Path("landing"), AS_OF, 5)[0].checks}


def with_column(name: str, **changes):
    columns = tuple(dataclasses.replace(c, **changes) if c.name == name else c for c in ORDERS.columns)
    return dataclasses.replace(ORDERS, columns=columns)


def test_only_columns_with_a_term_have_their_null_share_checked():
    checks = received()
    assert checks["order_no_is_always_filled"].severity == "block"
    assert checks["email_is_filled_at_least_once"].severity == "record"
    assert not [name for name in checks if name.startswith(("total", "amount"))]


@pytest.mark.parametrize(("severity", "expected"), [("info", "record"), ("warning", "warn"), ("error", "block")])
def test_a_null_rule_in_percent_sets_share_and_severity(severity, expected):
    rule = Rule("email.few_nulls", "nullValues", severity, "mustBeLessThan", 20, percent=True)
    check = received(with_column("email", rules=(rule,)))["email_is_filled_often_enough"]
    assert (check.severity, check.arguments["mostly"], check.threshold) == (expected, 0.8, "null share at most 20 %")


def test_row_count_rule_becomes_the_volume_check():
    check = received()["enough_orders_holds_for_the_rows_received"]
    assert (check.severity, dict(check.arguments)) == ("block", {"min_value": 0, "strict_min": True})
    assert received(dataclasses.replace(ORDERS, rules=()))["rows_were_received"].severity == "warn"


def test_freshness_counts_back_from_as_of():
    checks = received()
    assert checks["latest_ordered_at_is_fresh"].arguments["min_value"] == datetime(2024, 2, 29, 22)
    assert checks["latest_arrival_is_not_overdue"].arguments["min_value"] == date(2024, 2, 29)


def test_bounds_allow_the_contracts_error_rate_else_the_companys():
    bounded = with_column("status", enum=("P",))
    own = landing_suites(bounded, Path("landing"), AS_OF, 5)[1].checks[0]
    general = landing_suites(dataclasses.replace(bounded, error_rate=None), Path("landing"), AS_OF, 5)[1].checks[0]
    assert (own.arguments["min_value"], general.arguments["min_value"]) == (0.99, 0.95)
    assert len(landing_suites(ORDERS, Path("landing"), AS_OF, 5)) == 1
