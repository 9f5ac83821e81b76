"""What the checks of a run said, from Dagster's event log, on one scale.

Put here: asset check evaluations as rows. Keep out: deciding what is checked.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import dagster as dg

DBT_ROWS, DBT_SECONDS = "dagster_dbt/failed_row_count", "Execution Duration"  # what Dagster says of a dbt test
NUMBERS = (DBT_ROWS, "failing_rows")
MOST_RUNS = 1000  # between two publications


def check_rows(instance: dg.DagsterInstance, run_id: str) -> list[dict[str, Any]]:
    """One row per check evaluated in a run, in the shape of `governance.check_results`."""
    records = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION).records
    return [_row(run_id, r.event_log_entry) for r in records]


def check_rows_since(instance: dg.DagsterInstance, run_id: str, since: datetime | None) -> list[dict[str, Any]]:
    """The rows of a run, and of every run before it that was not told yet: landings, and builds that published nothing.

    Args:
        since: when the latest check known was made (UTC, naive); None for all runs there are.
    """
    updated_after = since.replace(tzinfo=UTC) if since else None
    others = instance.get_runs(dg.RunsFilter(updated_after=updated_after), limit=MOST_RUNS)
    runs = dict.fromkeys([*(run.run_id for run in reversed(others) if run.run_id != run_id), run_id])
    return [row for run in runs for row in check_rows(instance, run)]


def _row(run_id: str, entry: dg.EventLogEntry) -> dict[str, Any]:
    said = entry.dagster_event.event_specific_data
    metadata = {name: value.value for name, value in said.metadata.items()}
    if DBT_ROWS in metadata:
        rows, seconds = metadata[DBT_ROWS], metadata.get(DBT_SECONDS)
        metadata |= {"threshold": "no row", "observed": f"{rows} rows", "seconds": seconds}
    return {
        "run_id": run_id,
        "asset": said.asset_key.to_user_string(),
        "check_name": said.check_name,
        "severity": metadata.get("severity") or ("block" if said.severity == dg.AssetCheckSeverity.ERROR else "warn"),
        "success": said.passed,
        "failing_rows": next((int(metadata[n]) for n in NUMBERS if metadata.get(n) is not None), None),
        "threshold": _text(metadata.get("threshold")),
        "observed": _text(metadata.get("observed")),
        "seconds": metadata.get("seconds"),
        "at": datetime.fromtimestamp(entry.timestamp, UTC).replace(tzinfo=None),
    }


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
