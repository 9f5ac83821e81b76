"""Dagster's event log in SQLite, with its files kept open: named in dagster.yaml, read by every process of Dagster.

Dagster opens and closes a file up to three times for each event, and SQLite moves its whole log on each close. A small
build has 1,900 events, of which 700 are written before it starts.

Put here: how long a file stays open. Keep out: what is written (Dagster).
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._serdes import ConfigurableClassData

FILES = 8  # kept open; one is of all runs, and each run has one
PATIENCE = 60  # seconds to wait for another process that writes
DURABLE = "pragma synchronous = normal"  # of a power cut the last events may be lost, of a killed process none


class OpenEventLog(SqliteEventLogStorage):
    """The event log of `$DAGSTER_HOME`, where Dagster has it by itself."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, sa.Engine] = OrderedDict()
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> OpenEventLog:
        return cls(str(Path(os.environ["DAGSTER_HOME"]) / "history" / "runs"), inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sa.Connection]:
        with self._db_lock:
            engine = self._engine(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

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
