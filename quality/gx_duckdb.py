"""Great Expectations on an open DuckDB connection, by pushdown.

Put here: the datasource and engine that make GX and DuckDB agree. Importing this module imports GX (seconds).
Keep out: which expectations run (suites.py), what their results mean (validate.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import duckdb
import sqlalchemy as sa
from duckdb_sqlalchemy import ConnectionWrapper
from great_expectations.data_context import EphemeralDataContext
from great_expectations.datasource.fluent.sql_datasource import SQLDatasource
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine


class DuckDBEngine(SqlAlchemyExecutionEngine):
    """Holds one connection: DuckDB drops a pending result when its connection closes, and GX fetches after closing."""

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection


class DuckDBConnectionDatasource(SQLDatasource):
    """A SQL datasource over a connection somebody already has open."""

    type: Literal["duckdb_connection"] = "duckdb_connection"  # type: ignore[assignment]

    @property
    def execution_engine_type(self) -> type[DuckDBEngine]:
        return DuckDBEngine


@contextmanager
def open_datasource(
    context: EphemeralDataContext, connection: duckdb.DuckDBPyConnection
) -> Iterator[DuckDBConnectionDatasource]:
    """A datasource over a cursor of `connection`: it sees every attached file and closes no connection of the caller.

    Statements commit on their own, so no transaction stays open. Temporary tables of `connection` are not seen.
    """
    cursor = connection.cursor()
    datasource = context.data_sources.add_duckdb_connection(
        name="duckdb",
        connection_string="duckdb:///:memory:",
        kwargs={
            "creator": lambda: ConnectionWrapper(cursor),
            "poolclass": sa.StaticPool,
            "isolation_level": "AUTOCOMMIT",
        },
    )
    try:
        yield datasource
    finally:
        context.data_sources.delete("duckdb")
        cursor.close()
