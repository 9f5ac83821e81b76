"""What Dagster's event log keeps of checks, written for many of them in a few statements.

A build plans and answers six hundred checks, and Dagster writes each by itself: three statements an answer.

Put here: rows of checks, as Dagster makes them one by one. Keep out: files and transactions (event_log.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from dagster import DagsterEventType, EventLogEntry
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus as Status
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable as Checks
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as Events

PLANNED, ANSWERED = DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED, DagsterEventType.ASSET_CHECK_EVALUATION
CHECKED = PLANNED, ANSWERED
LATER = ANSWERED, DagsterEventType.STEP_OUTPUT  # what a step tells by the hundred, and then how it ended
KEY = "asset_key", "check_name", "run_id"
Told = Sequence[tuple[EventLogEntry, Mapping[str, Any]]]


def is_partitioned(event: EventLogEntry) -> bool:
    """Whether a check is of partitions, whose rows are more than one."""
    if event.dagster_event_type not in CHECKED:
        return False
    about = event.get_dagster_event().event_specific_data
    return bool(about.partitions_subset if event.dagster_event_type == PLANNED else about.partition)


def store_checks(index: sa.Connection, told: Told) -> None:
    """Enter planned and answered checks, of no partition, in the file of all runs.

    Args:
        told: each event with its row of the event log.
    """
    if not told:
        return
    numbered = Events.insert().returning(Events.c.id, sort_by_parameter_order=True)
    ids = index.execute(numbered, [row for _, row in told]).scalars().all()
    rows = [_row(event, row, number) for (event, row), number in zip(told, ids, strict=True)]
    answers = [row for row in rows if row["execution_status"] != Status.PLANNED.value]
    new = [row for row in rows if row["execution_status"] == Status.PLANNED.value]
    if answers and _answer(index, answers) < len(answers):
        new += [row for row in answers if not _is_kept(index, row)]  # nobody has planned them
    if new:
        index.execute(Checks.insert(), new)


def _answer(index: sa.Connection, answers: Sequence[Mapping[str, Any]]) -> int:
    """Put answers in place of what was planned; the number of those that were."""
    same = (Checks.c[name] == sa.bindparam(f"its_{name}") for name in KEY)
    changed = {name: sa.bindparam(name) for name in answers[0] if name not in KEY}
    return index.execute(
        Checks.update().where(*same, Checks.c.partition.is_(None)).values(changed),
        [{(f"its_{name}" if name in KEY else name): value for name, value in row.items()} for row in answers],
    ).rowcount


def _is_kept(index: sa.Connection, row: Mapping[str, Any]) -> bool:
    kept = sa.select(Checks.c.id).where(
        *(Checks.c[name] == row[name] for name in (*KEY, "evaluation_event_storage_id"))
    )
    return index.execute(kept).first() is not None


def _row(event: EventLogEntry, row: Mapping[str, Any], number: int) -> dict[str, Any]:
    about = event.get_dagster_event().event_specific_data
    of_asset = None
    if event.dagster_event_type == PLANNED:
        status = Status.PLANNED
    else:
        status = Status.SUCCEEDED if about.passed else Status.FAILED
        of_asset = about.target_materialization_data
    return {
        "asset_key": about.asset_key.to_string(),
        "check_name": about.check_name,
        "run_id": event.run_id,
        "execution_status": status.value,
        "evaluation_event": row["event"],
        "evaluation_event_timestamp": datetime.fromtimestamp(event.timestamp, UTC).replace(tzinfo=None),
        "evaluation_event_storage_id": number,
        "materialization_event_storage_id": of_asset.storage_id if of_asset else None,
    }
