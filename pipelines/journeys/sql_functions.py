"""dbt-duckdb plugin: makes `walk_journey` and `align_variant` functions of SQL.

Put here: the plugin named in profiles.yml and the types the functions have in DuckDB. Keep out: what they do (walk.py,
align.py). The macros of the same names are the way to call them.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb
import pyarrow as pa
from dbt.adapters.duckdb.plugins import BasePlugin

from pipelines.journeys.align import ALIGNED, align_variants
from pipelines.journeys.walk import INPUT, TYPES, walk_journey

TEXT = "varchar"
SQL_TYPES = {
    **{pa.int32(): "integer", pa.int64(): "bigint", pa.float64(): "double", pa.bool_(): "boolean", pa.string(): TEXT},
    pa.timestamp("us"): "timestamp",
}


class Plugin(BasePlugin):
    """Registers the functions once a connection; cursors share them."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        rows, steps = (pa.list_(pa.struct(fields)) for fields in (INPUT, TYPES))
        for name, function, given, told in (
            ("walk_journey", walk_journey, [TEXT, _sql_type(rows)], steps),
            ("align_variant", align_variants, [TEXT, TEXT], ALIGNED),
        ):
            conn.create_function(name, _of_chunks(function), given, _sql_type(told), type="arrow")


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"{_sql_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        return f"struct({', '.join(f'{field.name} {_sql_type(field.type)}' for field in kind)})"
    return SQL_TYPES[kind]


def _of_chunks(function: Callable[[pa.Array, pa.Array], pa.Array]) -> Callable[..., pa.Array]:
    def call(left: pa.ChunkedArray, right: pa.ChunkedArray) -> pa.Array:
        return function(left.combine_chunks(), right.combine_chunks())

    return call
