"""Great Expectations on an open DuckDB connection, by pushdown.

This package depends on nothing else of ours. Put here: the datasource. Importing it imports GX (seconds).
Keep out: the engine and its metrics (engine.py, metrics.py), what is expected (suites.py).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")

import duckdb
import sqlalchemy as sa
from duckdb_sqlalchemy import ConnectionWrapper
from great_expectations.data_context import EphemeralDataContext
from great_expectations.datasource.fluent.sql_datasource import QueryAsset, SQLDatasource

import quality.gx.metrics  # noqa: F401  registers them
from quality.gx.engine import DuckDBEngine


class DuckDBConnectionDatasource(SQLDatasource):
    """A SQL datasource over a connection somebody already has open; it has table assets and query assets."""

    type: Literal["duckdb_connection"] = "duckdb_connection"  # type: ignore[assignment]

    @property
    def execution_engine_type(self) -> type[DuckDBEngine]:
        """The engine its batches are asked by."""
        return DuckDBEngine


@contextmanager
def open_datasource(
    context: EphemeralDataContext,
    connection: duckdb.DuckDBPyConnection,
    name: str = "duckdb",
    queries: Mapping[str, str] | None = None,
) -> Iterator[DuckDBConnectionDatasource]:
    """A datasource over a cursor of `connection`: it sees every attached file and closes no connection of the caller.

    Statements commit on their own, so no transaction stays open. Temporary tables of `connection` are not seen.

    Args:
        context: gets the datasource for as long as this is open.
        name: of the datasource; free in the context.
        queries: its query assets, by name; for each that is added later the context writes all of them as YAML.
    """
    cursor = connection.cursor()
    datasource = context.data_sources.add_duckdb_connection(
        name=name,
        connection_string="duckdb:///:memory:",
        kwargs={
            "creator": lambda: ConnectionWrapper(cursor),
            "poolclass": sa.StaticPool,
            "isolation_level": "AUTOCOMMIT",
        },
        assets=[QueryAsset(name=asset, query=query) for asset, query in (queries or {}).items()],
    )
    try:
        yield datasource
    finally:
        datasource.get_execution_engine().close()
        context.data_sources.delete(name)
        cursor.close()
