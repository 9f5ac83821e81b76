"""When what a suite found stands for asking it again: suites as data, parts and kept results in a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import duckdb
import pytest

from quality.kept_results import keep_results, split_suites
from quality.suites import Check, CheckResult, Suite

NOW = datetime(2026, 3, 2)


def suite(asset: str = "landing/web", oldest: datetime = NOW, **changes) -> Suite:
    filled = Check("page_is_filled", "warn", "ExpectColumnValuesToNotBeNull", {"column": "page"}, "no null")
    age = Check("at_is_fresh", "warn", "ExpectColumnMaxToBeBetween", {"column": "at", "min_value": oldest}, f"{oldest}")
    return replace(Suite(f"{asset}_received", asset, "select page, at from landed", (filled, age)), **changes)


def asked(suite: Suite, *, passed: bool = True, latest: object = NOW) -> list[CheckResult]:
    said = ((check, str(latest) if check.name == "at_is_fresh" else "0 of 2 rows") for check in suite.checks)
    return [CheckResult(suite.name, suite.asset, c.name, c.severity, passed, 0, seen, c.threshold, 0.1)
            for c, seen in said]  # fmt: skip


@pytest.fixture
def warehouse():
    with duckdb.connect() as con:
        con.execute("create schema control")
        con.execute("create table control.parts (dataset varchar, content_hash varchar, state varchar, part_seq int)")
        con.execute("insert into control.parts values ('web', 'a', 'current', 1), ('store', 'b', 'current', 2)")
        yield con


def is_asked(con, suite: Suite, made_from: str = "code", **how) -> bool:
    return bool(split_suites(con, [suite], made_from, **how).due)


def keep(con, suite: Suite, **outcome) -> None:
    keep_results(con, split_suites(con, [suite], "code", anyway=True).due, asked(suite, **outcome))


def test_what_passed_over_the_same_parts_stands_as_it_would_be_told_now(warehouse):
    keep(warehouse, suite())
    split = split_suites(warehouse, [suite()], "code")
    assert not split.due
    assert split.kept == [replace(r, seconds=0.0) for r in asked(suite())]


def test_it_is_asked_again_when_pages_are_written(warehouse):
    keep(warehouse, suite())
    assert is_asked(warehouse, suite(), anyway=True)


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ("insert into control.parts values ('web', 'c', 'current', 3)", True),
        ("update control.parts set state = 'withdrawn' where dataset = 'web'", True),
        ("update control.parts set part_seq = 4 where dataset = 'web'", True),  # landed again under another rule
        ("insert into control.parts values ('web', 'c', 'held', 3)", False),
        ("insert into control.parts values ('store', 'c', 'current', 3)", False),
    ],
)
def test_it_is_asked_again_where_a_part_of_its_dataset_came_or_went(warehouse, change, again):
    keep(warehouse, suite())
    warehouse.execute(change)
    assert is_asked(warehouse, suite()) == again


@pytest.mark.parametrize(
    "other",
    [suite(query="select page, at from elsewhere"), suite(checks=(replace(suite().checks[0], severity="block"),))],
    ids=["query", "checks"],
)
def test_it_is_asked_again_where_the_suite_changed(warehouse, other):
    keep(warehouse, suite())
    assert is_asked(warehouse, other)


def test_it_is_asked_again_where_the_files_changed(warehouse):
    keep(warehouse, suite())
    assert is_asked(warehouse, suite(), made_from="other code")


@pytest.mark.parametrize(
    ("latest", "oldest", "passes"),
    [
        (NOW, NOW, True),
        (NOW, datetime(2026, 3, 2, 0, 0, 1), False),
        (datetime(2026, 3, 2, 10, 0, 0, 5), datetime(2026, 3, 2, 10), True),
        (date(2026, 3, 2), date(2026, 3, 2), True),
        (date(2026, 3, 2), date(2026, 3, 3), False),
    ],
)
@pytest.mark.parametrize("passed", [True, False])
def test_how_old_data_may_be_is_judged_anew(warehouse, latest, oldest, passes, passed):
    [(of_suite, basis)] = split_suites(warehouse, [suite()], "code", anyway=True).due
    filled, age = asked(of_suite, latest=latest)
    keep_results(warehouse, [(of_suite, basis)], [filled, replace(age, success=passed)])
    split = split_suites(warehouse, [suite(oldest=oldest)], "code")
    assert not split.due
    assert [(r.success, r.threshold) for r in split.kept] == [(True, "no null"), (passes, f"{oldest}")]


def test_what_had_no_age_is_asked_again(warehouse):
    keep(warehouse, suite(), latest="nothing to observe")
    assert is_asked(warehouse, suite())


def test_what_failed_is_asked_until_it_passes(warehouse):
    keep(warehouse, suite())
    keep(warehouse, suite(), passed=False)
    assert is_asked(warehouse, suite())
    keep(warehouse, suite())
    assert not is_asked(warehouse, suite())


def test_published_tables_are_asked_every_time(warehouse):
    keep(warehouse, suite("marts/web"))
    assert is_asked(warehouse, suite("marts/web"))
