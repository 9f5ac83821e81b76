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
from itertools import groupby
from pathlib import Path
from time import monotonic
from typing import Any

import sqlalchemy as sa
from dagster import AssetKey, EventLogEntry, EventRecordsResult
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.base import AssetRecordsFilter
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._serdes import ConfigurableClassData

from pipelines.event_checks import CHECKED, LATER, is_partitioned, store_checks

FILES = 8  # kept open; one is of all runs, and each run has one
PATIENCE = 60  # seconds to wait for another process that writes
SOON, TOGETHER = 0.5, 200  # seconds after which, and of how many events, the next one has those stored that wait
BATCH = "DAGSTER_EVENT_BATCH_SIZE"  # of events told together, as of what a run plans, how many are stored together
DURABLE = "pragma synchronous = normal"  # of a power cut the last events may be lost, of a killed process what waits
os.environ.setdefault(BATCH, "1000")


class Waiting:
    """Events that are not stored yet."""

    def __init__(self) -> None:
        self.events: list[EventLogEntry] = []
        self._until = monotonic() + SOON

    @property
    def is_over(self) -> bool:
        return monotonic() > self._until or len(self.events) >= TOGETHER


class OpenEventLog(SqliteEventLogStorage):
    """The event log of `$DAGSTER_HOME`, where Dagster has it by itself."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, sa.Engine] = OrderedDict()
        self._turn = threading.RLock()
        self._held: dict[str, sa.Connection] = {}  # of whose turn it is
        self._found: set[str] = set()  # tables and columns: what is there stays
        self._waiting: Waiting | None = None
        self._known: dict[tuple, tuple[float, EventRecordsResult]] = {}
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
        """What LATER says waits for something else to be told, or for more of it when a moment is over."""
        with self._turn:
            self._waiting = self._waiting or Waiting()
            self._waiting.events.append(event)
            if event.dagster_event_type not in LATER or not event.run_id or self._waiting.is_over:
                self._store_waiting()

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        with self._turn:
            self._store_waiting()
            self._store(events)

    def _store_waiting(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting:
            self._store(waiting.events)

    def _store(self, events: Sequence[EventLogEntry]) -> None:
        """All or none: one transaction for each file."""
        if any(event.dagster_event_type not in LATER for event in events):
            self._known.clear()
        with self.index_connection() as index, ExitStack() as files:
            runs = {run: files.enter_context(self.run_connection(run)) for run in {e.run_id for e in events}}
            for are_many, alike in groupby(events, key=self._is_one_of_many):
                if not are_many:
                    for event in alike:
                        super().store_event(event)
                    continue
                told = [(event, self._event_to_row(event)) for event in alike]
                for run_id, rows in runs.items():
                    if of_run := [row for _, row in told if row["run_id"] == run_id]:
                        rows.execute(SqlEventLogStorageTable.insert(), of_run)
                store_checks(index, [(e, row) for e, row in told if e.dagster_event_type in CHECKED])

    def _is_one_of_many(self, event: EventLogEntry) -> bool:
        """Whether it is stored with others in one statement; what is of partitions or of no run is not."""
        return event.dagster_event_type in (*LATER, *CHECKED) and bool(event.run_id) and not is_partitioned(event)

    def fetch_materializations(
        self, records_filter: AssetKey | AssetRecordsFilter, limit: int, cursor: str | None = None, ascending=False
    ) -> EventRecordsResult:
        """A step of a day asks for each of its hundreds of checks what it is of: for a moment the answer stands."""
        asked = repr(records_filter), limit, cursor, ascending
        with self._turn:
            at, answer = self._known.get(asked, (-SOON, None))
            if answer is None or monotonic() > at + SOON:
                answer = super().fetch_materializations(records_filter, limit, cursor, ascending)
                if len(self._known) >= TOGETHER:
                    self._known.clear()
                self._known[asked] = monotonic(), answer
            return answer

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
            if shard != INDEX_SHARD_NAME and not self._held:
                self._store_waiting()  # whoever reads what a run told finds all of it
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
        with self._turn:
            self._store_waiting()
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()
