"""What runs did and what it took, from Dagster's event log.

Put here: runs and their steps as rows. Keep out: measuring (meter.py), writing the rows (publish/run_log.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from pipelines.meter import BYTES, PEAK, ROWS, SECONDS

Status, Event = dg.DagsterRunStatus, dg.DagsterEventType
OUTCOMES = {
    Status.SUCCESS: "success", Status.FAILURE: "failed", Status.CANCELED: "canceled", Status.CANCELING: "canceled",
    Status.STARTED: "running",
}  # fmt: skip
PARTS = {
    "landing": "landing", "control": "control", "base": "standard", "std": "standard", "identity": "identity",
    "int": "marts", "marts": "marts", "governance": "marts", "published": "published",
}  # fmt: skip
DBT_SECONDS = "Execution Duration"  # what Dagster says of a dbt model
FIRST_RUNS, MOST_RUNS = 50, 1000  # told the first time; between two publications
SLIGHT = 0.05  # seconds a step may take besides its assets without a row of its own
Row = dict[str, Any]


def run_rows_since(
    instance: dg.DagsterInstance, run_id: str, since: datetime | None, sizes: Mapping[str, tuple[int, int]]
) -> tuple[list[Row], list[Row]]:
    """Runs that are not told yet, or have gone on since, in the shape of `governance.runs` and `governance.run_steps`.

    Args:
        run_id: the run that publishes; `sizes` (asset -> rows, bytes) are as it leaves them.
        since: when the latest run known started (UTC, naive); None where none is known.
    """
    wanted = dg.RunsFilter(updated_after=since.replace(tzinfo=UTC) if since else None, statuses=list(OUTCOMES))
    records = instance.get_run_records(wanted, limit=MOST_RUNS if since else FIRST_RUNS)
    runs, steps = [], []
    for record in records:
        if record.start_time is None:
            continue
        told = step_rows(instance, record.dagster_run.run_id)
        if record.dagster_run.run_id == run_id:
            told = [{**row, **_size(row, sizes)} for row in told]
        runs.append(_run(record, told, run_id))
        steps += told
    return runs, steps


def step_rows(instance: dg.DagsterInstance, run_id: str) -> list[Row]:
    """One row per asset a run made, and per step for what else it took: the start of dbt, tests, checks, a failure."""
    wanted = {Event.STEP_START, Event.STEP_SUCCESS, Event.STEP_FAILURE, Event.ASSET_MATERIALIZATION}
    entries = [r.event_log_entry for r in instance.get_records_for_run(run_id, of_type=wanted).records]
    started = {e.step_key: e.timestamp for e in entries if e.dagster_event_type == Event.STEP_START}
    ended = [e for e in entries if e.dagster_event_type in (Event.STEP_SUCCESS, Event.STEP_FAILURE)]
    made: dict[str, dict[str, Row]] = defaultdict(dict)
    for entry in entries:
        if entry.dagster_event_type == Event.ASSET_MATERIALIZATION:
            row = _asset(run_id, entry)
            made[entry.step_key].setdefault(row["asset"], row).update({k: v for k, v in row.items() if v is not None})
    planned = _planned(instance, run_id) if any(e.dagster_event_type == Event.STEP_FAILURE for e in ended) else {}
    rows: list[Row] = []
    for entry in ended:
        assets = list(made[entry.step_key].values())
        rows += _of_step(run_id, entry, started[entry.step_key], assets, planned.get(entry.step_key, []))
    return rows


def _of_step(run_id: str, entry: dg.EventLogEntry, started: float, assets: list[Row], planned: list[str]) -> list[Row]:
    failed = entry.dagster_event_type == Event.STEP_FAILURE
    seconds = entry.timestamp - started
    if len(assets) == 1 and not failed:  # all the step took, it took for this one
        return [{**assets[0], "seconds": round(seconds, 3), "started_at": _instant(started)}]
    rest = max(seconds - sum(row["seconds"] or 0 for row in assets), 0)
    if assets and rest < SLIGHT and not failed:
        return assets
    name = planned[0] if failed and len(planned) == 1 else entry.step_key
    whole = assets[-1]["part"] if assets else _part(name)
    step = {
        "run_id": run_id, "asset": name, "part": whole, "started_at": _instant(started), "seconds": round(rest, 3),
        "row_count": None, "bytes": None, "peak_mb": None, "outcome": "failed" if failed else "success",
    }  # fmt: skip
    return [*assets, step]


def _asset(run_id: str, entry: dg.EventLogEntry) -> Row:
    told = entry.dagster_event.event_specific_data.materialization
    facts = {name: value.value for name, value in told.metadata.items()}
    name, seconds = told.asset_key.to_user_string(), facts.get(SECONDS, facts.get(DBT_SECONDS))
    return {
        "run_id": run_id,
        "asset": name,
        "part": _part(name),
        "started_at": _instant(entry.timestamp - (seconds or 0)),
        "seconds": seconds,
        "row_count": facts.get(ROWS),
        "bytes": facts.get(BYTES),
        "peak_mb": facts.get(PEAK),
        "outcome": "success",
    }


def _run(record: dg.RunRecord, steps: Iterable[Row], publishing: str) -> Row:
    run, now = record.dagster_run, datetime.now(UTC).timestamp()
    landed = [row["row_count"] for row in steps if row["part"] == "landing" and row["row_count"] is not None]
    return {
        "run_id": run.run_id,
        "job": run.job_name,
        "started_at": _instant(record.start_time),
        "ended_at": _instant(record.end_time) if record.end_time else None,
        "seconds": round((record.end_time or now) - record.start_time, 3),
        "outcome": "published" if run.run_id == publishing else OUTCOMES[run.status],
        "landed_rows": sum(landed) if landed else None,
        "peak_mb": max((row["peak_mb"] for row in steps if row["peak_mb"]), default=None),
    }


def _planned(instance: dg.DagsterInstance, run_id: str) -> dict[str, list[str]]:
    """Step -> assets it was to make."""
    planned: dict[str, list[str]] = defaultdict(list)
    for record in instance.get_records_for_run(run_id, of_type=Event.ASSET_MATERIALIZATION_PLANNED).records:
        entry = record.event_log_entry
        planned[entry.step_key].append(entry.dagster_event.asset_key.to_user_string())
    return planned


def _size(row: Row, sizes: Mapping[str, tuple[int, int]]) -> Row:
    """Rows and bytes of a table, where its step did not tell them."""
    rows, size = sizes.get(row["asset"], (None, None))
    return {
        "row_count": rows if row["row_count"] is None else row["row_count"],
        "bytes": size if row["bytes"] is None else row["bytes"],
    }


def _part(name: str) -> str:
    return PARTS.get(name.split("/")[0], "checks")


def _instant(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC).replace(tzinfo=None)
