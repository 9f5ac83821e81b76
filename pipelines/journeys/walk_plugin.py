"""dbt-duckdb plugin: makes `walk_journey` a function of SQL.

Put here: the plugin named in profiles.yml and the function's types in DuckDB. Keep out: the walk (walk.py).
"""

from __future__ import annotations

import duckdb
import pyarrow as pa
from dbt.adapters.duckdb.plugins import BasePlugin

from pipelines.journeys.walk import INPUT, TYPES, walk_journey

SQL_TYPES = {
    **{pa.int32(): "integer", pa.int64(): "bigint", pa.bool_(): "boolean", pa.string(): "varchar"},
    pa.timestamp("us"): "timestamp",
}


class Plugin(BasePlugin):
    """Registers the function once a connection; cursors share it."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        conn.create_function("walk_journey", _walk_chunk, ["varchar", _list_of(INPUT)], _list_of(TYPES), type="arrow")


def _list_of(fields: dict[str, pa.DataType]) -> str:
    return f"struct({', '.join(f'{name} {SQL_TYPES[kind]}' for name, kind in fields.items())})[]"


def _walk_chunk(rules: pa.ChunkedArray, rows: pa.ChunkedArray) -> pa.ListArray:
    return walk_journey(rules.combine_chunks(), rows.combine_chunks())
