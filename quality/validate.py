"""Running the suites: Great Expectations by pushdown, results without any customer's value.

Put here: one context for all suites, and what of a result may leave it.
Keep out: what is checked (suites.py), how GX reads DuckDB (gx), storing results (pipelines/publish).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Container, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from quality.company import Company
from quality.kept_results import keep_results, split_suites
from quality.promises.output_contract import load_output_contracts
from quality.promises.table_drift import CHECK, SHOWN, table_drift
from quality.promises.table_suites import table_suites
from quality.suites import Check, CheckResult, Suite, landing_suites

MARTS_FILE = "c360_marts.duckdb"
DOCS_HOME = "../../quality.html"  # of a set of Data Docs: the page of the governance site that links it
RESULT_FORMAT = {"result_format": "BASIC", "partial_unexpected_count": 0}

logger = logging.getLogger(__name__)


def validate(
    database: Path | duckdb.DuckDBPyConnection,
    company: Company,
    as_of: datetime,
    landing: Path,
    assets: Container[str] | None = None,
    docs: Path | None = None,
    made_from: str | None = None,
) -> list[CheckResult]:
    """Check what was received and what was built.

    Args:
        database: warehouse.duckdb (the marts file lies beside it), or an open connection with the marts attached as `m`
            and `control.parts` in its own database.
        as_of: the instant freshness is judged at, UTC.
        landing: `$C360_HOME/landing`; `quarantine` lies beside it.
        assets: check these only; None for all.
        docs: folder for Great Expectations' own pages, in `received` and `published`; None for no pages.
        made_from: digest of the files checks and landed rows are made by. Results are kept under it, in an open
            connection that may write; where no pages are asked for, they stand for datasets that did not change.
    Returns:
        One result per check. A check that cannot run has failed.
    """
    with _connected(database) as connection:
        suites = [
            suite
            for contract in company.contracts
            if any((landing / contract.dataset).glob("**/*.parquet"))
            for suite in landing_suites(contract, landing, as_of.replace(tzinfo=None), company.error_rate)
        ]
        contracts = load_output_contracts()
        started = time.perf_counter()
        drift = table_drift(connection, contracts, "m")
        seconds = (time.perf_counter() - started) / max(1, len(drift))
        models = [c.asset for c in contracts.values() if c.is_model]  # the pipeline writes the others after the checks
        checked = [a for a in models if assets is None or a in assets]
        suites += [s for s in table_suites(contracts) if not drift[s.asset]]  # else they could not run
        suites = [s for s in suites if assets is None or s.asset in assets]
        drifted = [_drifted(a, drift[a], seconds) for a in checked]
        if made_from is None:
            return drifted + (run_suites(connection, suites, docs) if suites else [])
        split = split_suites(connection, suites, made_from, anyway=docs is not None)
        found = run_suites(connection, [suite for suite, _ in split.due], docs) if split.due else []
        keep_results(connection, split.due, found)
        return drifted + split.kept + found


def run_suites(
    connection: duckdb.DuckDBPyConnection, suites: list[Suite], docs: Path | None = None
) -> list[CheckResult]:
    """Run all suites in one ephemeral GX context. Importing GX costs seconds, so it happens here and once."""
    from quality.gx.datasource import open_datasource  # sets the analytics switch before GX is imported

    import great_expectations as gx  # isort: skip

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    queries = {suite.name: suite.query for suite in suites}
    with open_datasource(context, connection, queries=queries) as datasource:
        ran = [_run(datasource, suite) for suite in suites]
    if docs is not None:
        _write_docs(docs, suites, [outcome for outcome, _ in ran])
    return [result for _, results in ran for result in results]


def _write_docs(docs: Path, suites: list[Suite], outcomes: list[Any]) -> None:
    """A page that cannot be written holds nothing back: the checks count all the same."""
    from quality.gx.data_docs import Outcome, write_data_docs

    found = [Outcome(suite.asset, outcome) for suite, outcome in zip(suites, outcomes, strict=True)]
    sets = {
        "received": ("What was received", [o for o in found if o.asset.startswith("landing/")]),
        "published": ("What is published", [o for o in found if not o.asset.startswith("landing/")]),
    }
    for name, (title, of_set) in sets.items():
        try:
            if of_set:
                write_data_docs(of_set, docs / name, title=title, home=DOCS_HOME)
        except Exception as fault:  # GX has many renderers; the class alone is told, for they may quote a value
            logger.warning(
                "%s: Data Docs were not written (%s); the last ones stand", docs / name, type(fault).__name__
            )


@contextmanager
def _connected(database: Path | duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    if isinstance(database, duckdb.DuckDBPyConnection):
        yield database
        return
    with duckdb.connect(str(database), read_only=True) as connection:
        marts = str(database.with_name(MARTS_FILE)).replace("'", "''")
        connection.execute("set autoinstall_known_extensions = false")
        connection.execute(f"attach '{marts}' as m (read_only)")
        yield connection


def _drifted(asset: str, differences: list[str], seconds: float) -> CheckResult:
    shown = "; ".join(differences[:SHOWN]) + ("; …" if len(differences) > SHOWN else "")
    observed = f"{len(differences)} differences: {shown}" if differences else "no difference"
    return CheckResult("contract", asset, CHECK, "block", not differences, None, observed, "no difference", seconds)


def _run(datasource, suite: Suite) -> tuple[Any, list[CheckResult]]:
    """What Great Expectations found, and what of it we keep."""
    import great_expectations as gx
    import great_expectations.expectations as gxe
    from great_expectations.core import RunIdentifier

    started = time.perf_counter()
    asset = datasource.get_asset(suite.name)
    made = gx.ExpectationSuite(name=suite.name)
    for number, check in enumerate(suite.checks):
        made.add_expectation(getattr(gxe, check.expectation)(**check.arguments, meta={"check": number}))
    # By its batch and not by the context, which would store each suite, its definition and its result as YAML.
    outcome = asset.get_batch(asset.build_batch_request()).validate(made, result_format=RESULT_FORMAT)
    outcome.meta["run_id"] = RunIdentifier(run_time=datetime.now(UTC))
    seconds = (time.perf_counter() - started) / len(suite.checks)
    by_number = {r.expectation_config.meta["check"]: r for r in outcome.results}
    return outcome, [_result(suite, check, by_number[number], seconds) for number, check in enumerate(suite.checks)]


def _result(suite: Suite, check: Check, result: Any, seconds: float) -> CheckResult:
    facts = result.result or {}
    failing = facts.get("unexpected_count")
    return CheckResult(
        suite=suite.name,
        asset=suite.asset,
        check=check.name,
        severity=check.severity,
        success=bool(result.success),
        failing_rows=None if failing is None else int(failing),
        observed=_observed(facts),
        threshold=check.threshold,
        seconds=round(seconds, 4),
    )


def _observed(facts: dict[str, Any]) -> str:
    """A count, a share or a time of the asset as a whole; expectations on row values report only how many failed."""
    if "unexpected_count" in facts:
        return f"{facts['unexpected_count']} of {facts['element_count']} rows"
    value = facts.get("observed_value")
    if isinstance(value, (int, float, date, datetime)):
        return f"{value:.6g}" if isinstance(value, float) else str(value)
    return "the check could not run; see the log of the run" if not facts else "nothing to observe"
