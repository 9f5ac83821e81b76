"""The state database in a backup: always one SQLite file, whatever the home uses.

Put here: copying it out and in, consistent while others write. Keep out: what its tables mean.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from identity import decisions
from pipelines import audit
from pipelines.alerts import state as alerts
from pipelines.backup.errors import BackupError
from pipelines.ingest import manifest, quarantine
from pipelines.state import open_state, write_state

TABLES = (manifest.METADATA, quarantine.METADATA, audit.METADATA, decisions.METADATA, alerts.METADATA)
BATCH = 10_000  # rows


def copy_state_out(url: str, file: Path) -> None:
    """Write the state database as it is at one instant to a new SQLite file."""
    if (found := sa.make_url(url)).get_backend_name() == "sqlite":
        with closing(sqlite3.connect(found.database)) as source, closing(sqlite3.connect(file)) as target:
            source.backup(target)
        return
    there = sa.create_engine(url, isolation_level="REPEATABLE READ")
    with there.connect() as source, write_state(open_state(f"sqlite:///{file}", *TABLES)) as target:
        _copy_rows(source, target)
    there.dispose()


def copy_state_in(file: Path, url: str) -> None:
    """Fill a state database that is not a file of the home from a backup's, in one transaction.

    Raises:
        BackupError: it is in use by a home already.
    """
    here = open_state(url, *TABLES)
    with sa.create_engine(f"sqlite:///{file}").connect() as source, write_state(here) as target:
        rows = sum(target.execute(sa.select(sa.func.count()).select_from(table)).scalar() or 0 for table in _tables())
        if rows:
            where = sa.make_url(url).render_as_string(hide_password=True)
            raise BackupError(f"{where}: holds {rows} rows of a home; restore into an empty state database")
        _copy_rows(source, target)
        _continue_numbers(target)


def _tables() -> list[sa.Table]:
    return [table for metadata in TABLES for table in metadata.sorted_tables]


def _copy_rows(source: sa.Connection, target: sa.Connection) -> None:
    """All rows of all tables, oldest first: an undoing comes after what it undoes."""
    known = set(sa.inspect(source).get_table_names())
    for table in _tables():
        if table.name not in known:
            continue
        found = source.execute(sa.select(table).order_by(*table.primary_key.columns)).mappings()
        for batch in found.partitions(BATCH):
            target.execute(table.insert(), [dict(row) for row in batch])


def _continue_numbers(target: sa.Connection) -> None:
    """PostgreSQL counts on from what was copied; SQLite does so by itself."""
    if target.dialect.name != "postgresql":
        return
    for table in _tables():
        column = table.autoincrement_column
        if column is not None and table.primary_key.columns.values() == [column]:
            highest = target.execute(sa.select(sa.func.max(column))).scalar()
            sequence = target.execute(sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))).scalar()
            if highest and sequence:
                target.execute(sa.select(sa.func.setval(sequence, highest)))
