"""What suites found of datasets that have not changed since: as good as asking again, without the seconds it takes.

A suite over what was received is a function of its query, its checks and the dataset's current parts, which never
change; only how old data may be moves on, and is judged anew on the latest value that was seen.

Put here: when a result may stand for asking again. Keep out: running suites (validate.py), what is checked (suites.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from quality.suites import Check, CheckResult, Suite

TABLE = "control.kept_results"
AGE = "ExpectColumnMaxToBeBetween"  # of all expectations the one whose arguments move with time
NEVER_KEPT = ""


@dataclass(frozen=True)
class Split:
    """Suites that must be asked, each with its basis, and the results of those that need not."""

    due: list[tuple[Suite, str]]
    kept: list[CheckResult]


def split_suites(
    connection: duckdb.DuckDBPyConnection, suites: Iterable[Suite], made_from: str, *, anyway: bool = False
) -> Split:
    """Which suites must be asked again.

    A suite need not where the same suite over the same parts passed all its checks; whether its data is too old is told
    by the latest value that was seen, also where it was too old before.

    Args:
        made_from: digest of the files checks and landed rows are made by; another one and nothing stands.
        anyway: ask all of them.
    """
    connection.execute(
        f"create table if not exists {TABLE} (suite varchar, basis varchar, check_name varchar, failing_rows bigint, "
        "observed varchar, seconds double)"
    )
    known: dict[tuple[str, str], dict[str, tuple]] = {}
    for suite, basis, *result in connection.execute(f"from {TABLE}").fetchall():
        known.setdefault((suite, basis), {})[result[0]] = tuple(result[1:])
    parts = dict(
        connection.execute(
            "select dataset, md5(string_agg(p::varchar, '|' order by content_hash, p::varchar)) "
            "from control.parts as p where state = 'current' group by dataset"
        ).fetchall()
    )
    split = Split([], [])
    for suite in suites:
        basis = _basis(suite, parts, made_from)
        results = None if anyway else _stand(suite, known.get((suite.name, basis), {}))
        if results is None:
            split.due.append((suite, basis))
        else:
            split.kept.extend(results)
    return split


def keep_results(
    connection: duckdb.DuckDBPyConnection, asked: Iterable[tuple[Suite, str]], results: Iterable[CheckResult]
) -> None:
    """Keep what was found of suites that passed, but for their age; what failed is forgotten, and so asked again."""
    found: dict[str, list[CheckResult]] = {}
    for result in results:
        found.setdefault(result.suite, []).append(result)
    rows: list[tuple[Any, ...]] = []
    names = [suite.name for suite, _ in asked]
    for suite, basis in asked:
        aged = {c.name for c in suite.checks if c.expectation == AGE}
        if basis != NEVER_KEPT and all(r.success or r.check in aged for r in found[suite.name]):
            rows += [(suite.name, basis, r.check, r.failing_rows, r.observed, r.seconds) for r in found[suite.name]]
    connection.execute("begin")
    connection.execute(f"delete from {TABLE} where suite in (select unnest(?::varchar[]))", [names])
    if rows:
        connection.executemany(f"insert into {TABLE} values (?, ?, ?, ?, ?, ?)", rows)
    connection.execute("commit")


def _basis(suite: Suite, parts: dict[str, str], made_from: str) -> str:
    """A published table may have changed anywhere: only what was received has parts that tell."""
    layer, _, dataset = suite.asset.partition("/")
    if layer != "landing":
        return NEVER_KEPT
    checks = [replace(c, arguments={}, threshold="") if c.expectation == AGE else c for c in suite.checks]
    said = repr((made_from, suite.query, parts.get(dataset), checks))
    return hashlib.sha256(said.encode()).hexdigest()


def _stand(suite: Suite, known: dict[str, tuple]) -> list[CheckResult] | None:
    """The suite's results as they would be now; None where one is missing."""
    results = []
    for check in suite.checks:
        if check.name not in known or (passes := _passes(check, known[check.name][1])) is None:
            return None
        failing, observed, _ = known[check.name]
        results.append(
            CheckResult(
                suite.name, suite.asset, check.name, check.severity, passes, failing, observed, check.threshold, 0.0
            )
        )
    return results


def _passes(check: Check, observed: str) -> bool | None:
    """Of what was kept; None where no age was seen."""
    if check.expectation != AGE:
        return True
    oldest = check.arguments["min_value"]
    try:
        return type(oldest).fromisoformat(observed) >= oldest
    except ValueError:  # nothing was there to observe
        return None
