"""dbt-duckdb plugin: makes `align_variant` a function of SQL.

Put here: the plugin named in profiles.yml and the types the function has in DuckDB. Keep out: what it does (align.py).
The macro of the same name is the way to call it.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa
from dbt.adapters.duckdb.plugins import BasePlugin

from pipelines.journeys.align import ALIGNED, align_variants

SQL_TYPES = {pa.int32(): "integer", pa.float64(): "double", pa.string(): "varchar"}


class Plugin(BasePlugin):
    """Registers the function once a connection; cursors share it."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        conn.create_function("align_variant", _align, ["varchar", "varchar"], _sql_type(ALIGNED), type="arrow")


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"{_sql_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        return f"struct({', '.join(f'{field.name} {_sql_type(field.type)}' for field in kind)})"
    return SQL_TYPES[kind]


def _align(nets: pa.ChunkedArray, paths: pa.ChunkedArray) -> pa.Array:
    return align_variants(nets.combine_chunks(), paths.combine_chunks())
