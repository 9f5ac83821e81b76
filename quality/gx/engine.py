"""Great Expectations' SQL engine, made to agree with DuckDB: how it connects, and what its types are called.

Put here: the engine. Keep out: metrics DuckDB answers its own way (metrics.py), datasources (datasource.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import duckdb
import duckdb_sqlalchemy
import sqlalchemy as sa
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine


class DuckDBEngine(SqlAlchemyExecutionEngine):
    """Holds one connection: DuckDB drops a pending result when its connection closes, and GX fetches after closing."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.dialect_module = DuckDBTypes()

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        """The one connection; it stays open for the next query."""
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection

    def execute_query(self, selectable: Any) -> Any:
        """A query for no rows, as for values that nobody may see, is not asked: it would look at every file."""
        if getattr(selectable, "_limit", None) == 0:
            return _NoRows()
        return super().execute_query(selectable)

    def close(self) -> None:
        """Give the connection back before its owner closes it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self.engine.dispose()


class _NoRows:
    """The result of a query for no rows."""

    def fetchmany(self, _most: int) -> list[sa.Row]:
        return []


class DuckDBTypes:
    """What GX asks a dialect's module for: the dialect, and a class for the name of a type."""

    __name__ = "duckdb_types"
    dialect = duckdb_sqlalchemy.Dialect

    def __getattr__(self, name: str) -> type[sa.types.TypeEngine]:
        try:
            return type_class(name)
        except duckdb.Error as fault:
            raise AttributeError(f"{name}: no type of DuckDB") from fault


@cache
def type_class(name: str) -> type[sa.types.TypeEngine]:
    """The class whose instances are columns of a DuckDB type: DECIMAL(18,2) is a DECIMAL, and TEXT is VARCHAR.

    Args:
        name: as DuckDB writes it, or an alias it knows; without parameters for the type with any.
    Raises:
        duckdb.Error: DuckDB knows no such type.
    """
    told = str(duckdb.sqltype(name))
    plain = told.partition("(")[0]
    if "(" not in name:
        told = plain
    if told != name:
        return type_class(told)
    parent = getattr(sa.types, plain, sa.types.NullType) if told == plain else type_class(plain)
    return type(told, (parent,), {})
