"""What is usual is learned from a dataset's own days; a contract may say otherwise."""

import dataclasses
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quality.company import load_company
from quality.contract import Rule
from quality.suites import CheckResult
from quality.watch.judge import judge_arrivals, watches_of

COMPANY = load_company(Path(__file__).with_name("shop"))
ORDERS = COMPANY.contracts[0]
FIRST = date(2024, 1, 1)
PROFILES = "dataset varchar, batch_id varchar, arrived_on date, recipe varchar, column_name varchar, measure varchar, "
VOLUME, NULLS, CLOCK = "rows_are_usual_for_their_weekday", "null_shares_are_usual", "hours_of_day_are_usual"


def judge(days: list[dict], rules: tuple[Rule, ...] = (), last: int | None = None) -> dict[str, CheckResult]:
    """Judge the last day; each day says `rows` (None: nothing came), and may say `filled` and `hour`."""
    parts, profiles = [], []
    for offset, facts in enumerate(days):
        if facts["rows"] is None:
            continue
        day, batch, rows = FIRST + timedelta(days=offset), f"b{offset}", facts["rows"]
        parts.append((offset, ORDERS.dataset, batch, day, "current", rows, rows))
        here = (ORDERS.dataset, batch, day, "r")
        profiles.append((*here, None, "keys", None, rows))
        profiles.append((*here, "email", "filled", None, facts.get("filled", rows)))
        for hour in range(9, 18):  # open from nine to five, busiest at noon
            turned = (hour + facts.get("turned", 0)) % 24
            profiles.append((*here, "ordered_at", "hour", turned, rows * (5 - abs(hour - 13)) / 25))
    with duckdb.connect() as con:
        con.execute("create schema control")
        con.execute(f"create table control.profiles ({PROFILES} bin bigint, n double)")
        con.execute("create table control.seen_rows (dataset varchar, batch_id varchar, arrived_on date, "
                    "one_of bigint, key_hash ubigint, row_hash ubigint)")  # fmt: skip
        con.execute("create table control.quarantine (dataset varchar, batch_id varchar, arrived_on date, "
                    "kind varchar, column_name varchar, rule_id varchar, quarantined bigint)")  # fmt: skip
        con.execute("create table control.parts (part_seq bigint, dataset varchar, content_hash varchar, "
                    "arrived_on date, state varchar, received bigint, landed bigint)")  # fmt: skip
        con.executemany("insert into control.parts values (?, ?, ?, ?, ?, ?, ?)", parts)
        con.executemany("insert into control.profiles values (?, ?, ?, ?, ?, ?, ?, ?)", profiles)
        company = dataclasses.replace(COMPANY, contracts=(dataclasses.replace(ORDERS, watched=rules),))
        as_of = datetime.combine(FIRST, datetime.min.time()) + timedelta(days=last or len(days))
        return {r.check: r for r in judge_arrivals(con, company, as_of, days=1)}


def weekly(weeks: int, weekday: int = 100, sunday: int = 20) -> list[dict]:
    return [{"rows": sunday if day % 7 == 6 else weekday + day % 5} for day in range(7 * weeks)]


def failed(results: dict[str, CheckResult]) -> set[str]:
    return {name for name, r in results.items() if not r.success}


def test_a_quiet_sunday_is_usual_and_a_quiet_monday_is_not():
    assert judge([*weekly(8)]) and not failed(judge(weekly(8)))
    said = judge([*weekly(8), {"rows": 20}])[VOLUME]
    assert (said.success, said.severity) == (False, "warn")
    assert said.observed == "1 of 1 looks: on 2024-02-26: 20, usually 102"


def test_a_day_without_an_arrival_is_missed_once_it_is_over():
    missing = [*weekly(4), {"rows": None}]
    assert failed(judge(missing)) == {"every_due_day_arrived"}
    assert not failed(judge(missing, last=len(missing) - 1))


def test_too_little_history_says_so_and_raises_no_alarm():
    said = judge([{"rows": 100}, {"rows": 100}, {"rows": 1}])
    assert not failed(said)
    assert said[VOLUME].observed == "too little history to judge by"


def test_a_column_nobody_fills_any_more_is_named_with_its_share():
    said = judge([*weekly(4), {"rows": 100, "filled": 30}])[NULLS]
    assert said.observed == "1 of 1 looks: email on 2024-01-29: 70.0%, usually 0.0%"


def test_a_turned_clock_is_told_in_hours():
    said = judge([*weekly(4), {"rows": 100, "turned": 5}])
    assert failed(said) >= {CLOCK}
    assert said[CLOCK].observed == "1 of 1 looks: ordered_at on 2024-01-29: +5 h, usually +0 h"


def test_a_fault_does_not_hide_the_next_one():
    burst = {"rows": 100, "filled": 0}
    days = [*weekly(4), burst, *weekly(1), burst]
    assert NULLS in failed(judge(days))


@pytest.mark.parametrize(("severity", "expected"), [("info", "record"), ("warning", "warn"), ("error", "block")])
def test_the_contract_says_how_much_is_too_much_and_how_bad_it_is(severity, expected):
    rule = Rule("shop_orders.volume", "custom", severity, "mustBeLessThan", 5, percent=True, query=VOLUME)
    said = judge([*weekly(4), {"rows": 110}], rules=(rule,))[VOLUME]
    assert (said.success, said.severity, said.threshold) == (False, expected, "mustBeLessThan 5 %")
    assert not failed(judge([*weekly(4), {"rows": 110}]))


def test_only_what_a_dataset_has_is_watched():
    names = {w.name for w in watches_of(ORDERS, COMPANY)}
    assert "every_due_day_arrived" in names
    assert "every_due_day_arrived" not in {
        w.name for w in watches_of(dataclasses.replace(ORDERS, frequency=(7, "d")), COMPANY)
    }
    assert "rows_are_not_landed_twice" not in {
        w.name for w in watches_of(dataclasses.replace(ORDERS, load_mode="snapshot"), COMPANY)
    }


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(80, 120), min_size=21, max_size=40))
def test_ordinary_noise_raises_no_alarm(rows):
    assert not failed(judge([{"rows": n} for n in rows]))
