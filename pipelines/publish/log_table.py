"""Tables the pipeline adds to from run to run.

Put here: adding rows to one. Keep out: the rows (check_results.py, run_log.py), columns (quality/contracts).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import pyarrow as pa

from quality.promises.create_table import ensure_table
from quality.promises.output_contract import OutputContract, load_output_contracts

KINDS = {"varchar": pa.string(), "boolean": pa.bool_(), "bigint": pa.int64(), "double": pa.float64()}


def log_contract(table: str) -> OutputContract:
    """Args: table: `schema.table`, of ours."""
    return load_output_contracts()[table.split(".")[1]]


def to_arrow(table: str, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows of one mapping each as a table of the contract's columns; what is not in a mapping is null."""
    columns = [(c.name, KINDS.get(c.type, pa.timestamp("us"))) for c in log_contract(table).columns]
    return pa.Table.from_pylist([dict(row) for row in rows], schema=pa.schema(columns))


def add_rows(connection: duckdb.DuckDBPyConnection, table: str, rows: pa.Table) -> None:
    """Add rows, in the caller's transaction; one with the key of an earlier one replaces it."""
    contract = log_contract(table)
    ensure_table(connection, contract)
    key = ", ".join(contract.key)
    connection.register("incoming", rows)
    connection.execute(f"delete from {table} where ({key}) in (select ({key}) from incoming)")
    connection.execute(f"insert into {table} by name from incoming")
    connection.unregister("incoming")


def tables_of(connection: duckdb.DuckDBPyConnection, database: str) -> set[str]:
    """`schema.table` of a database; none where it is not attached."""
    found = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() where database_name = ?", [database]
    ).fetchall()
    return {name for (name,) in found}


def continue_published(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Make `table` what is published of it (attached as `p`; empty where it is not), in the caller's transaction.

    So what a run added that then published nothing leaves no trace.
    """
    connection.execute(f"delete from {table}")
    if table in tables_of(connection, "p"):
        connection.execute(f"insert into {table} by name from p.{table}")
