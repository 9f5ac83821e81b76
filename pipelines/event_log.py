"""Dagster's event log in SQLite, with its files kept open: named in dagster.yaml, read by every process of Dagster.

Dagster opens and closes a file up to five times for each event, asks what tables and columns there are, and SQLite
moves its whole log on each close. A small build has 2,300 events, of which 760 are written before it starts.

Put here: how long a file stays open, what is written together. Keep out: what is written (Dagster).
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dagster import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData

FILES = 8  # kept open; one is of all runs, and each run has one
PATIENCE = 60  # seconds to wait for another process that writes
BATCH = "DAGSTER_EVENT_BATCH_SIZE"  # of events told together, as of what a run plans, how many are stored together
DURABLE = "pragma synchronous = normal"  # of a power cut the last events may be lost, of a killed process none


os.environ.setdefault(BATCH, "1000")


class OpenEventLog(SqliteEventLogStorage):
    """The event log of `$DAGSTER_HOME`, where Dagster has it by itself."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, sa.Engine] = OrderedDict()
        self._turn = threading.RLock()
        self._held: dict[str, sa.Connection] = {}  # of whose turn it is
        self._found: set[str] = set()  # tables and columns: what is there stays
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> OpenEventLog:
        return cls(str(Path(os.environ["DAGSTER_HOME"]) / "history" / "runs"), inst_data)

    def store_event(self, event: EventLogEntry) -> None:
        self.store_event_batch([event])

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store all or none: one transaction for each file."""
        with self.index_connection(), ExitStack() as runs:
            for run_id in dict.fromkeys(event.run_id for event in events):
                runs.enter_context(self.run_connection(run_id))
            for event in events:
                super().store_event(event)

    def has_table(self, table_name: str) -> bool:
        if table_name not in self._found and super().has_table(table_name):
            self._found.add(table_name)
        return table_name in self._found

    def _has_asset_key_col_on_connection(self, conn: sa.Connection, column_name: str) -> bool:
        if column_name not in self._found and super()._has_asset_key_col_on_connection(conn, column_name):
            self._found.add(column_name)
        return column_name in self._found

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        """A transaction; within one of the same file, that one."""
        with self._turn:
            if shard in self._held:
                yield self._held[shard]
                return
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as self._held[shard]:
                try:
                    yield self._held[shard]
                finally:
                    del self._held[shard]

    def _engine(self, shard: str) -> sa.Engine:
        """Of the files open the one used longest ago makes room."""
        if shard not in self._engines:
            engine = sa.create_engine(self.conn_string_for_shard(shard), connect_args={"timeout": PATIENCE})
            sa.event.listen(engine, "connect", lambda opened, _: opened.execute(DURABLE).close())
            self._engines[shard] = engine
        self._engines.move_to_end(shard)
        while len(self._engines) > FILES:
            self._engines.popitem(last=False)[1].dispose()
        return self._engines[shard]

    def dispose(self) -> None:
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()
