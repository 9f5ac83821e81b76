"""The one seam between identity and the database that does its set work.

Put here: what resolving needs of an engine, and DuckDB as the first one.
Keep out: identity rules.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import duckdb
import pyarrow as pa

if TYPE_CHECKING:
    from splink.internals.database_api import DatabaseAPI

_SCRATCH = "ir_matching"
PLACE = "rowid"  # where a row of a stored relation lies, as long as nothing is deleted


class Engine(Protocol):
    """What resolving needs of a database. Working relations begin with `ir_` and live as long as the engine."""

    @property
    def version(self) -> str:
        """Of the database: what `key_of` makes of a name may differ in another."""

    @property
    def text(self) -> str:
        """Type of a stored column of text of which hardly two rows have one value."""

    def run(self, sql: str) -> None:
        """Run one statement."""

    def store(self, name: str, query: str) -> None:
        """Keep the rows of `query` as the working relation `name`, replacing it."""

    def number(self, name: str, column: str, query: str) -> None:
        """Keep the rows of `query` as the working relation `name`, numbered in `column`: integers, in no order."""

    def extend(self, name: str, query: str) -> None:
        """Add rows to a relation of `number`; those that are there keep their numbers."""

    def define(self, name: str, query: str) -> None:
        """Make the rows of `query` readable as the working relation `name`; they are found afresh at each reading."""

    def register(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table readable as the relation `name`."""

    def fetch(self, sql: str) -> pa.Table:
        """The rows of a query as Arrow."""

    def count(self, rows: str) -> int:
        """How many rows `select * from <rows>` has; `rows` is a relation, with a condition where one is needed."""

    def few(self, relation: str, condition: str, columns: str = "*") -> str:
        """Query of the rows of `schema.name` under a condition that holds for few of them."""

    def columns(self, relation: str) -> tuple[str, ...]:
        """Column names of `schema.name`; empty when there is no such relation."""

    def publish(self, statements: Sequence[str]) -> None:
        """Run statements that change stored relations: all of them take effect, or none."""

    def matching(self) -> AbstractContextManager[DatabaseAPI]:
        """Splink on this database, silent; working relations are readable, what Splink makes is gone afterwards."""

    def drop(self, *names: str) -> None:
        """Forget working relations nobody reads any more; one that is not there is no fault."""

    def drop_working(self) -> None:
        """Forget every working relation."""


class DuckDBEngine:
    """DuckDB on a connection the caller owns. Working relations are temporary tables."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._stored: dict[str, None] = {}
        self._defined: dict[str, None] = {}
        self._registered: dict[str, None] = {}

    @property
    def version(self) -> str:
        return duckdb.__version__

    @property
    def text(self) -> str:
        return "varchar using compression uncompressed"  # looking for what repeats would be half the cost of a write

    def run(self, sql: str) -> None:
        self._connection.execute(sql)

    def store(self, name: str, query: str) -> None:
        self._connection.execute(f"create or replace temp table {name} as {query}")
        self._stored[name] = None

    def number(self, name: str, column: str, query: str) -> None:
        self.store(f"{name}_rows", query)  # row_number() of all rows takes one thread
        self.define(name, f"select cast({PLACE} as integer) as {column}, * from {name}_rows")

    def extend(self, name: str, query: str) -> None:
        self.run(f"insert into {name}_rows {query}")

    def define(self, name: str, query: str) -> None:
        self._connection.execute(f"create or replace temp view {name} as {query}")
        self._defined[name] = None

    def register(self, name: str, table: pa.Table) -> None:
        self._connection.register(name, table)
        self._registered[name] = None

    def fetch(self, sql: str) -> pa.Table:
        return self._connection.sql(sql).to_arrow_table()

    def count(self, rows: str) -> int:
        return self._connection.execute(f"select count(*) from {rows}").fetchall()[0][0]

    def few(self, relation: str, condition: str, columns: str = "*") -> str:
        if relation not in self._tables:
            return f"select {columns} from {relation} where {condition}"
        # Reads the other columns only where a row is; a semi join on a wide table costs four times as much.
        return f"select {columns} from {relation} where {PLACE} in (select {PLACE} from {relation} where {condition})"

    @cached_property
    def _tables(self) -> frozenset[str]:
        found = self._connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where database_name = current_database()"
        )
        return frozenset(name for (name,) in found.fetchall())

    def columns(self, relation: str) -> tuple[str, ...]:
        try:  # information_schema takes eight times as long
            found = self._connection.execute(f"pragma table_info('{relation}')").fetchall()
        except duckdb.CatalogException:
            return ()
        return tuple(name for _, name, *_ in found)

    def publish(self, statements: Sequence[str]) -> None:
        self._connection.execute("begin transaction")
        try:
            for statement in statements:
                self._connection.execute(statement)
            self._connection.execute("commit")
        except BaseException:
            self._connection.execute("rollback")
            raise

    @contextmanager
    def matching(self) -> Iterator[DatabaseAPI]:
        from splink import DuckDBAPI  # half a second, needed only where there is a model

        logging.getLogger("splink").setLevel(logging.ERROR)
        home = self._connection.execute("select current_database()").fetchone()[0]
        self._connection.execute(f"attach ':memory:' as {_SCRATCH}; use {_SCRATCH}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield DuckDBAPI(connection=self._connection)
        finally:
            self._connection.execute(f'use "{home}"; detach {_SCRATCH}')

    def drop(self, *names: str) -> None:
        for name in names:
            if self._registered.pop(name, name) is None:
                self._connection.unregister(name)
            if self._defined.pop(name, name) is None:
                self._connection.execute(f"drop view {name}")
                self.drop(f"{name}_rows")
            if self._stored.pop(name, name) is None:
                self._connection.execute(f"drop table {name}")

    def drop_working(self) -> None:
        self.drop(*self._registered, *self._defined, *self._stored)
