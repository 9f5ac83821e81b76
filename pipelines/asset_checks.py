"""A check of ours as Dagster's: names, severities and what is told of a result.

Put here: how a `CheckResult` becomes an asset check. Keep out: what is checked (quality/), which op runs it (defs/).
"""

from __future__ import annotations

import dagster as dg

from quality.suites import CheckResult

SEVERITY = {"block": dg.AssetCheckSeverity.ERROR}


def asset_key(name: str) -> dg.AssetKey:
    """The key of an asset by its name in a result, as landing/web_events."""
    return dg.AssetKey(name.split("/"))


def check_key(result: CheckResult) -> dg.AssetCheckKey:
    """The key of the check a result is of."""
    return dg.AssetCheckKey(asset_key(result.asset), result.check)


def told(result: CheckResult) -> dg.AssetCheckResult:
    """The result as Dagster keeps it: counts, shares and times, no value of a row."""
    facts = {
        "severity": result.severity,
        "observed": result.observed,
        "threshold": result.threshold,
        "failing_rows": result.failing_rows,
        "seconds": result.seconds,
    }
    return dg.AssetCheckResult(
        asset_key=asset_key(result.asset),
        check_name=result.check,
        passed=result.success,
        severity=SEVERITY.get(result.severity, dg.AssetCheckSeverity.WARN),
        metadata={name: fact for name, fact in facts.items() if fact is not None},
    )
