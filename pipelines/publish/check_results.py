"""The log of checks that BI and governance read: governance.check_results.

Put here: its columns and how rows are added. Keep out: running checks, deciding what blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

SEVERITIES = ("block", "warn", "record")
COMMENT = "One row per check and run: what was checked, with which result."
TABLE = "governance.check_results"
COLUMNS = (
    ("run_id", pa.string(), "varchar not null", "The run that checked."),
    ("asset", pa.string(), "varchar not null", "What was checked: landing/<dataset> or marts/<table>."),
    ("check_name", pa.string(), "varchar not null", "Name of the check; it states what should be true."),
    ("severity", pa.string(), "varchar not null", "block (stops publishing), warn, or record (only kept)."),
    ("success", pa.bool_(), "boolean not null", "Whether it held."),
    ("failing_rows", pa.int64(), "bigint", "Rows that break it, where it counts rows."),
    ("threshold", pa.string(), "varchar", "What was allowed."),
    ("observed", pa.string(), "varchar", "What was seen: counts and shares, no value of any customer."),
    ("seconds", pa.float64(), "double", "How long it took."),
    ("at", pa.timestamp("us"), "timestamp not null", "When it was checked (UTC)."),
)
ARROW = pa.schema([(name, kind) for name, kind, _, _ in COLUMNS])


def write_check_results(marts: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Add checks to `governance.check_results`; the same run, asset and check again replaces its row.

    Args:
        marts: `c360_marts.duckdb`; no connection to it may be open.
        rows: one mapping per check with the keys of COLUMNS; `at` is UTC without a zone.
    Returns:
        the number of rows written.
    Raises:
        ValueError: a severity is none of SEVERITIES.
    """
    found = pa.Table.from_pylist([dict(row) for row in rows], schema=ARROW)
    unknown = sorted(set(found.column("severity").to_pylist()) - set(SEVERITIES), key=str)
    if unknown:
        raise ValueError(f"{TABLE}: severity {unknown[0]!r}; use {', '.join(SEVERITIES)}")
    with duckdb.connect(str(marts)) as connection:
        _ensure_table(connection)
        connection.register("incoming", found)
        connection.execute("begin")
        connection.execute(
            f"delete from {TABLE} where (run_id, asset, check_name) in "
            "(select (run_id, asset, check_name) from incoming)"
        )
        connection.execute(f"insert into {TABLE} by name from incoming")
        connection.execute("commit")
        connection.unregister("incoming")
    return found.num_rows


def _ensure_table(connection: duckdb.DuckDBPyConnection) -> None:
    columns = ", ".join(f'"{name}" {kind}' for name, _, kind, _ in COLUMNS)
    connection.execute("create schema if not exists governance")
    connection.execute(f"create table if not exists {TABLE} ({columns})")
    connection.execute(f"comment on table {TABLE} is '{COMMENT}'")
    for name, _, _, meaning in COLUMNS:
        connection.execute(f"comment on column {TABLE}.\"{name}\" is '{meaning}'")
