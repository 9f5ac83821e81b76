"""Checks nobody has to write: whether what arrived is usual for its dataset.

Put here: which checks there are, which days they judge, what a contract may say against what was learned, the words.
Keep out: the statistics (sql.py, histograms.py), what is measured of a part (profile.py), Dagster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from quality.company import Company
from quality.contract import Contract
from quality.gate_dataset import unit_seconds
from quality.suites import CheckResult
from quality.watch.profile import list_measures
from quality.watch.queries import QUERIES, TABLES

JUDGED = 7  # arrival days, the latest last; the days before them are the history
NAMED = 5  # columns and days a result names
SEVERITY = {"error": "block", "warning": "warn", "info": "record"}


@dataclass(frozen=True)
class Watch:
    """One truth about every dataset it can hold for."""

    name: str  # of QUERIES
    usual: str  # what is allowed, for people
    word: Callable[[float], str] = lambda share: f"{share:.1%}"  # how what was seen is written
    measures: tuple[str, ...] = ()  # what a profile must have of some column; none: every dataset is judged

    @property
    def query(self) -> str:
        return QUERIES[self.name]


def _number(value: float) -> str:
    return f"{value:,.6g}"


def _index(value: float) -> str:
    return f"index {value:.2f}"


def _turn(hours: float) -> str:
    return f"{hours:+.0f} h"


INDEX = "a population stability index of 0.25, or twice what is usual"
WATCHES = (
    Watch("rows_are_usual_for_their_weekday", "the median of the weekday, as widely as it varies", _number),
    Watch("every_due_day_arrived", "an arrival on every weekday that usually has one"),
    Watch("null_shares_are_usual", "the usual share of empty cells per column"),
    Watch("refused_shares_are_usual", "the usual share of rows and cells in quarantine"),
    Watch("keys_repeat_as_usual", "the usual share of rows whose key the day had before"),
    Watch("rows_are_not_landed_twice", "the usual share of rows an earlier part had"),
    Watch("values_are_as_many_as_usual", "the usual share of repeated values per column"),
    Watch("values_were_seen_before", "values of the days before, in columns that list values", measures=("value",)),
    Watch("numbers_keep_their_scale", "the usual median per column", _number, ("median",)),
    Watch("distributions_are_usual", INDEX, _index),
    Watch("hours_of_day_are_usual", "the clock of the days before", _turn, ("hour",)),
    Watch("arrivals_are_as_late_as_usual", f"days from event to arrival as before: {INDEX}", _index, ("lag",)),
)


def watches_of(contract: Contract, company: Company) -> tuple[Watch, ...]:
    """The watches that can say something about a dataset."""
    measured = {measure for _, measure, _ in list_measures(contract, company)}
    off = set() if _is_daily(contract) else {"every_due_day_arrived"}
    off |= set() if contract.load_mode == "append" else {"rows_are_not_landed_twice"}
    return tuple(w for w in WATCHES if w.name not in off and (not w.measures or measured & set(w.measures)))


def judge_arrivals(
    connection: duckdb.DuckDBPyConnection, company: Company, as_of: datetime, days: int = JUDGED
) -> list[CheckResult]:
    """Judge the latest arrival days of every dataset by the days before each.

    Args:
        connection: the warehouse with `control.parts`, `control.quarantine` and profiles of every current part.
        as_of: the instant of the run (UTC); a day that is not over by then is not due.
        days: how many days up to `as_of` are judged.
    Returns:
        One result per dataset and watch that can say something. A day without enough history is not judged.
    """
    last = (as_of - timedelta(microseconds=1)).date()
    facts: dict[str, Any] = {"last": last, "due_before": as_of.date()}
    facts["daily"] = [c.dataset for c in company.contracts if _is_daily(c)] or [""]
    for name, query in TABLES.items():
        _run(connection, f"create or replace temp table {name} as {query}", facts)
    results: list[CheckResult] = []
    for watch in WATCHES:
        started = time.perf_counter()
        found = _findings(connection, watch, company, facts, last - timedelta(days=days))
        seconds = (time.perf_counter() - started) / max(1, len(company.contracts))
        results += [
            _result(watch, c, found.get(c.dataset), seconds)
            for c in company.contracts
            if watch in watches_of(c, company)
        ]
    for name in TABLES:
        connection.execute(f"drop table temp.{name}")
    return results


def name_severity(contract: Contract, watch: Watch) -> str:
    """block, warn or record: the contract's word, else warn."""
    rule = _rule(contract, watch)
    return SEVERITY[rule.severity] if rule else "warn"


def _is_daily(contract: Contract) -> bool:
    return bool(contract.frequency) and contract.frequency[0] * (unit_seconds(contract.frequency[1]) or 0) == 86400


def _rule(contract: Contract, watch: Watch):
    return next((r for r in contract.watched if r.query == watch.name), None)


def _limits(company: Company, watch: Watch) -> dict[str, float]:
    """Dataset -> what its contract allows instead of what was learned."""
    rules = {c.dataset: _rule(c, watch) for c in company.contracts}
    return {d: r.threshold / (100 if r.percent else 1) for d, r in rules.items() if r and r.threshold is not None}


@dataclass(frozen=True)
class _Found:
    judged: int
    failed: int
    worst: list[dict[str, Any]]


def _findings(
    connection: duckdb.DuckDBPyConnection, watch: Watch, company: Company, facts: dict[str, Any], after: date
) -> dict[str, _Found]:
    limits = _limits(company, watch)
    allowed = f"coalesce(map({list(limits)}::varchar[], {list(limits.values())}::double[])[dataset], bound)"
    rows = _run(
        connection,
        f"""
        with judged as (
            select dataset, day, column_name, seen, usual, effect, {allowed} as allowed
            from ({watch.query}) where day > $after and day <= $last
        )
        select dataset, count(*) filter (allowed is not null), count(*) filter (effect > allowed),
            list(
                {{'day': day, 'column': column_name, 'seen': seen, 'usual': usual}} order by effect / allowed desc
            ) filter (effect > allowed)[:{NAMED}]
        from judged group by dataset
        """,
        {**facts, "after": after},
    )
    return {dataset: _Found(judged, failed, worst or []) for dataset, judged, failed, worst in rows}


def _run(connection: duckdb.DuckDBPyConnection, query: str, facts: dict[str, Any]) -> list[tuple]:
    return connection.execute(query, {k: v for k, v in facts.items() if f"${k}" in query}).fetchall()


def _result(watch: Watch, contract: Contract, found: _Found | None, seconds: float) -> CheckResult:
    found = found or _Found(0, 0, [])
    rule = _rule(contract, watch)
    return CheckResult(
        suite=f"{contract.dataset}_watched",
        asset=f"landing/{contract.dataset}",
        check=watch.name,
        severity=name_severity(contract, watch),
        success=not found.failed,
        failing_rows=None,
        observed=_observed(watch, found),
        threshold=f"{rule.operator} {rule.threshold}{' %' if rule.percent else ''}" if rule else watch.usual,
        seconds=round(seconds, 4),
    )


def _observed(watch: Watch, found: _Found) -> str:
    """Columns, days and figures; no value of a row."""
    if not found.judged:
        return "too little history to judge by"
    if not found.failed:
        return f"{found.judged} looks, all as usual"
    return f"{found.failed} of {found.judged} looks: " + "; ".join(_words(watch, found.worst))


def _words(watch: Watch, worst: Iterable[dict[str, Any]]) -> Iterable[str]:
    for one in worst:
        where = f"{one['column']} " if one["column"] else ""
        yield f"{where}on {one['day']}: {watch.word(one['seen'])}, usually {watch.word(one['usual'])}"
