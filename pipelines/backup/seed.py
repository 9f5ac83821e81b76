"""What a build goes on from, put back into databases that are built again.

The histories of identity are in the steward's file, the logs of `governance` in the published one. Everything else in
the warehouse and the marts file is made anew from landing.

Put here: making both files out of what was published. Keep out: how a build reads them.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from identity.engine import DuckDBEngine
from identity.tables import HISTORY, STATE, create_tables
from quality.storage import opening


def seed_marts(published: Path, marts: Path) -> None:
    """The marts file as it was when it was published: the published file is a copy of it."""
    if published.is_file():
        shutil.copyfile(published, marts)


def seed_warehouse(steward: Path, warehouse: Path) -> None:
    """A warehouse that knows what identity believed, and since when; the next resolve looks at everybody."""
    if not steward.is_file():
        return
    with duckdb.connect(str(warehouse), config=opening()) as connection:
        engine = DuckDBEngine(connection)
        create_tables(engine)
        connection.execute(f"attach '{steward}' as s (read_only)")
        for name in (*STATE, *HISTORY):
            here, there = engine.columns(f"identity.{name}"), engine.columns(f"s.identity.{name}")
            if columns := ", ".join(f'"{column}"' for column in here if column in there):
                connection.execute(f"insert into identity.{name} ({columns}) select {columns} from s.identity.{name}")
