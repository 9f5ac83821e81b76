"""The state database of a home: how it is opened, and how its writers take turns.

Put here: the engine and the transaction every write goes through. Keep out: its tables (manifest, audit, decisions).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa


def open_state(url: str, *tables: sa.MetaData) -> sa.Engine:
    """Open the state database, making those of its tables that are missing.

    Args:
        url: a SQLAlchemy URL; SQLite (`sqlite:///<home>/state.db`) or PostgreSQL.
        tables: what the caller reads or writes.
    """
    engine = _connect(url)
    with write_state(engine) as connection:
        for metadata in tables:
            metadata.create_all(connection)
    return engine


@contextmanager
def write_state(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction; writers of all processes take turns."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("select pg_advisory_xact_lock(360)"))
        yield connection


def _connect(url: str) -> sa.Engine:
    if not url.startswith("sqlite"):
        return sa.create_engine(url)
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"timeout": 120})

    @sa.event.listens_for(engine, "connect")
    def _leave_transactions_to_sqlalchemy(dbapi, _):
        dbapi.isolation_level = None

    @sa.event.listens_for(engine, "begin")
    def _take_the_write_lock_first(con):
        con.exec_driver_sql("begin immediate")

    return engine
