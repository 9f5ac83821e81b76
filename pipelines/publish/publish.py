"""What people read: the published database and the steward's, swapped in whole.

Put here: how the marts file begins, and how finished files reach their readers.
Keep out: what is in the tables (dbt_project), whether they may be published (the checks), Dagster.
"""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.publish.release import Release
from pipelines.publish.steward import write_steward
from quality.render_sql import literal
from quality.storage import STORAGE_VERSION, opening

__all__ = ["PublishError", "PublishResult", "prepare_marts", "publish"]

MARTS_SCHEMAS = ("marts", "governance", "run_state")
PUBLISHED_NAME = "customer360.duckdb"
STEWARD_NAME = "steward.duckdb"


class PublishError(RuntimeError):
    """Nothing was swapped in; readers keep the last good file."""


@dataclass(frozen=True)
class PublishResult:
    """What was swapped in."""

    published: Path
    steward: Path
    tables: int  # in schemas marts and governance
    steward_tables: int
    bytes: int  # of the published file
    seconds: float


def prepare_marts(marts: Path) -> None:
    """Make the marts file with its schemas, in a storage version older clients read. Keeps what is there."""
    marts.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config=opening()) as connection:
        connection.execute(f"attach {literal(str(marts))} as m (storage_version '{STORAGE_VERSION}')")
        for schema in MARTS_SCHEMAS:
            connection.execute(f"create schema if not exists m.{schema}")


def publish(warehouse: Path, marts: Path, published: Path, private: Path, released: Path) -> PublishResult:
    """Swap in the published database and the steward's file, and keep what they were declared as. Call it after every
    blocking check passed.

    Args:
        warehouse: `warehouse.duckdb`; no connection to it or to `marts` may be open in another process.
        marts: `c360_marts.duckdb`; its file is copied, so comments and keys survive.
        published: folder of `customer360.duckdb`, read by anybody (folder 0755, file 0644).
        private: folder of `steward.duckdb` (folder 0700, file 0600): identity and raw values.
        released: folder of copies of the contracts and journeys the warehouse was built from. They count from just
            before the swap: whatever is published is held to what it says.
    Killed at any step it leaves the last good file or the new one, and drafts which the next call removes.

    Raises:
        PublishError: a file is missing, or holds nothing to publish; readers keep the last good one.
    """
    started = time.perf_counter()
    for file in (warehouse, marts):
        if not file.is_file():
            raise PublishError(f"{file}: not there; run the build first, `c360 run`")
    published.mkdir(parents=True, exist_ok=True)
    published.chmod(0o755)
    private.mkdir(parents=True, exist_ok=True)
    private.chmod(0o700)
    tables = _checkpoint(marts)
    target, draft = published / PUBLISHED_NAME, _draft(published / PUBLISHED_NAME)
    steward, steward_draft = private / STEWARD_NAME, _draft(private / STEWARD_NAME)
    release = Release(warehouse, released)
    _clear_drafts(target, steward)
    try:
        release.draft()
        steward_tables = write_steward(warehouse, steward, steward_draft, warehouse.parent / "quarantine")
        shutil.copyfile(marts, draft)
        _leave_out_notes(draft)
        draft.chmod(0o644)
        for file in (draft, steward_draft):
            _flush(file)
        steward_draft.chmod(0o600)
        release.commit()
        steward_draft.replace(steward)
        draft.replace(target)
    finally:
        release.discard()
        for file in (draft, steward_draft):
            file.unlink(missing_ok=True)
    return PublishResult(target, steward, tables, steward_tables, target.stat().st_size, time.perf_counter() - started)


def _checkpoint(marts: Path) -> int:
    """Bring everything into the one file; the number of tables to publish."""
    with duckdb.connect(str(marts), config=opening()) as connection:
        counted = connection.execute(
            "select count(*) from duckdb_tables() where schema_name in ('marts', 'governance')"
        ).fetchall()[0][0]
        views = connection.execute(
            "select string_agg(schema_name || '.' || view_name, ', ') from duckdb_views() where not internal"
        ).fetchall()[0][0]
        connection.execute("checkpoint")
    if views:
        raise PublishError(f"{marts}: {views}: a view breaks in a file of its own; materialise it as a table")
    if not counted:
        raise PublishError(f"{marts}: no table in schemas marts and governance; run the build first, `c360 run`")
    if Path(f"{marts}.wal").exists():
        raise PublishError(f"{marts}.wal: still there after a checkpoint; another process holds the file")
    return counted


def _leave_out_notes(draft: Path) -> None:
    """What builds note for themselves (made_of.py) is nothing to readers."""
    with duckdb.connect(str(draft), config=opening()) as connection:
        connection.execute("drop schema if exists run_state cascade")


def _draft(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}")


def _clear_drafts(*targets: Path) -> None:
    """Remove what a killed publishing left: nobody else publishes now."""
    for target in targets:
        for draft in target.parent.glob(f".{target.name}.*"):
            draft.unlink()


def _flush(file: Path) -> None:
    """Onto the disk before the swap, so that a power cut leaves the old file or the new one."""
    with file.open("rb") as handle:
        os.fsync(handle.fileno())
