"""SQL databases: a table, or the days of it a cursor asks for, into raw text.

Put here: everything SQLAlchemy. Keep out: files (read_text.py, read_table.py), when to read what (land.py).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from pipelines.ingest.errors import LandingError, OutageError
from pipelines.ingest.outage import TIMEOUT, Patience, outlast
from pipelines.ingest.raw import NEW_REJECTS, Raw, match_columns, whole_row
from quality.contract import Contract

BATCH = 50_000
# What passes by itself, as SQLSTATE: no connection, no room, a conflict, a server on its way up or down, a time limit.
_PASSES = re.compile(r"08|53|40|57P0[1-5]|57014|55P03")
_COMING_OR_GOING = re.compile(r"starting up|shutting down|recovery|too many|slots are reserved|not yet accepting")
# What a server says to somebody it will not have tomorrow either. In another language it counts as an outage: it fails
# all the same, only later.
_REFUSED = re.compile(r"FATAL:|Access denied|Unknown database|no password supplied")


def name_source(contract: Contract) -> str:
    """The source_uri of a SQL source: its location as the contract writes it, never a password, and the table."""
    location = contract.server.location
    if "${" not in location:
        location = sa.make_url(location).render_as_string(hide_password=True)
    return f"{location}#{contract.table}"


def read_rows(
    con: duckdb.DuckDBPyConnection, contract: Contract, env: Mapping[str, str], days: tuple[date, date] | None
) -> Raw:
    """Stream rows into table `fetched` (text columns c0…, and `day` where there is a cursor).

    The database turns values into text itself; rows come in batches of 50,000, never all at once. A read that was cut
    off begins anew: what it had fetched is forgotten.

    Args:
        days: first and last cursor day, both read, and rows without a cursor; None reads the whole table.
    Returns:
        The columns of `fetched`; `raw` is made of it by `take_rows`.
    Raises:
        OutageError: a database that is still unreachable, lost or too slow after C360_SOURCE_PATIENCE.
        LandingError: refused login, no such table, wrong columns, a cursor that is no time.
        ContractError: an environment variable of the location is not set.
    """
    patience = Patience.from_env(env)
    return outlast(lambda: _read_rows(con, contract, env, days, patience), patience)


def _read_rows(
    con: duckdb.DuckDBPyConnection,
    contract: Contract,
    env: Mapping[str, str],
    days: tuple[date, date] | None,
    patience: Patience,
) -> Raw:
    physical = [c.physical_name for c in contract.landed]
    names = [f"c{i}" for i in range(len(physical))]
    con.execute(f"create or replace temp table fetched ({', '.join(f'{n} varchar' for n in [*names, 'day'])})")
    with _connect(contract, env, patience) as source:
        table, drift = _reflect(contract, source)
        picked = [sa.cast(table.c[p], sa.Text) for p in physical]
        cursor = table.c[contract.column(contract.cursor).physical_name] if contract.cursor else None
        query = sa.select(*picked, sa.cast(cursor, sa.Text) if cursor is not None else sa.null())
        if cursor is not None and days:
            first, end = _bounds(contract, source, cursor, days)
            comparable = _comparable(source, cursor)
            query = query.where(((comparable >= first) & (comparable < end)) | cursor.is_(None))
        schema = pa.schema([(n, pa.string()) for n in [*names, "day"]])
        result = source.execution_options(stream_results=True, yield_per=BATCH).execute(query)
        for rows in result.partitions():
            batch = pa.table([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], schema=schema)
            con.register("_batch", batch)
            con.execute(
                "insert into fetched select * replace (try_cast(left(day, 10) as date)::varchar as day) from _batch"
            )
            con.unregister("_batch")
    return Raw(dict(zip(physical, names, strict=True)), "rowid + 1", whole_row(names), drift)


def take_rows(con: duckdb.DuckDBPyConnection, contract: Contract, raw: Raw, day: date | None) -> Raw:
    """Make `raw` of the fetched rows of one cursor day (None: of those without), in an order no database decides."""
    where = f"day = '{day.isoformat()}'" if day else "day is null"
    keys = [raw.columns[c.physical_name] for c in contract.key]
    order = ", ".join([*keys, *(c for c in raw.columns.values() if c not in keys)])
    con.execute(NEW_REJECTS)
    con.execute(
        f"create or replace temp table raw as select {', '.join(raw.columns.values())} from fetched where {where} "
        f"order by {order}"
    )
    return raw


def peek(contract: Contract, env: Mapping[str, str]) -> str:
    """The highest cursor of a table, or without a cursor the number of its rows.

    Raises:
        LandingError: unreachable database, no such table or column.
    """
    schema, _, name = contract.table.rpartition(".")
    source = sa.table(name, schema=schema or None)
    cursor = sa.column(contract.column(contract.cursor).physical_name) if contract.cursor else None
    seen = sa.func.count() if cursor is None else sa.func.max(cursor)
    with _connect(contract, env, Patience.from_env(env)) as connection:
        return str(connection.execute(sa.select(seen).select_from(source)).scalar())


@contextmanager
def _connect(contract: Contract, env: Mapping[str, str], patience: Patience):
    where = f"{contract.dataset}: {name_source(contract)}"
    url = contract.server.resolve(env)
    try:
        address = sa.make_url(url)
        # SQLite makes a database it does not find; a source is never made.
        if address.get_backend_name() == "sqlite" and address.database:
            address = address.set(database=f"file:{address.database}").update_query_dict({"mode": "ro", "uri": "true"})
        engine = sa.create_engine(address, poolclass=sa.NullPool, connect_args=_limits(address, patience.silence))
        connection = engine.connect()
    except (sa.exc.SQLAlchemyError, ImportError) as fault:
        raise _unreachable(fault, where) from None
    try:
        with connection:
            if connection.dialect.name == "postgresql":  # of each batch fetched, not of the whole read
                connection.exec_driver_sql(
                    f"set local statement_timeout = {max(1, math.ceil(1000 * patience.silence))}"
                )
            yield connection
    except sa.exc.SQLAlchemyError as fault:
        raise _cut_off(fault, where, patience) from None
    finally:
        engine.dispose()


def _limits(address: sa.URL, seconds: float) -> dict[str, int]:
    """How long a silent server is waited for, in the words of its driver; what the URL itself says of it counts."""
    driver, whole = address.get_driver_name(), max(2, math.ceil(seconds))
    limits: dict[str, int] = {}
    if driver in ("psycopg", "psycopg2"):
        alive = {
            "keepalives_idle": math.ceil(whole / 2),
            "keepalives_interval": math.ceil(whole / 8),
            "keepalives_count": 4,
        }
        limits = {"connect_timeout": whole, "tcp_user_timeout": 1000 * whole, **alive}
    if driver in ("pymysql", "mysqldb"):
        limits = {"connect_timeout": whole, "read_timeout": whole}
    return {name: limit for name, limit in limits.items() if name not in address.query}


def _unreachable(fault: Exception, where: str) -> LandingError:
    """Why there is no connection. What the driver said names hosts and users, so it is only looked at."""
    seen, said = type(fault).__name__, str(fault)
    if not isinstance(fault, sa.exc.DBAPIError) or "unable to open" in said:
        return LandingError(
            f"{where}: database unreachable ({seen}); check the location, and that its driver is installed"
        )
    if _REFUSED.search(said) and not _COMING_OR_GOING.search(said):
        return LandingError(
            f"{where}: login refused ({seen}); the server is up: check user, password and database in the location, "
            "and that the user may connect"
        )
    return OutageError(f"{where}: database unreachable ({seen}); check the location, and that the server is up")


def _cut_off(fault: sa.exc.SQLAlchemyError, where: str, patience: Patience) -> LandingError:
    """Why reading ended before its time."""
    cause = getattr(fault, "orig", None)
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None) or ""
    seen = type(fault).__name__ + (f", SQLSTATE {state}" if state else "")
    if state == "57014":
        return OutageError(
            f"{where}: reading failed: no answer within {patience.silence:g} s ({seen}); nothing of it was landed; ask "
            f"for an index on the cursor, or raise {TIMEOUT}"
        )
    lost = getattr(fault, "connection_invalidated", False) or "database is locked" in str(cause)
    if lost or _PASSES.match(state):
        return OutageError(f"{where}: reading failed: connection lost ({seen}); nothing of it was landed; run again")
    return LandingError(
        f"{where}: reading failed ({seen}); nothing of it was landed; check that the user may read the table"
    )


def _reflect(contract: Contract, source: sa.Connection) -> tuple[sa.Table, tuple[str, ...]]:
    where = f"{contract.dataset}: {name_source(contract)}"
    schema, _, table = contract.table.rpartition(".")
    inspector = sa.inspect(source)
    try:
        columns = inspector.get_columns(table, schema=schema or None)
    except sa.exc.NoSuchTableError:
        there = [*inspector.get_table_names(schema=schema or None), *inspector.get_view_names(schema=schema or None)]
        raise LandingError(
            f"{where}: no such table; seen {len(there)}: {', '.join(sorted(there)[:10]) or 'none'}; correct "
            f"physicalName of the schema in {contract.file.name}"
        ) from None
    drift = match_columns(contract, [c["name"] for c in columns], where)
    shape = [sa.Column(c["name"], c["type"]) for c in columns]
    return sa.Table(table, sa.MetaData(), *shape, schema=schema or None), drift


def _comparable(source: sa.Connection, cursor: sa.Column) -> sa.ColumnElement:
    """SQLite keeps times as ISO text: compared as text, so that days with and without a time of day both match."""
    return sa.type_coerce(cursor, sa.Text) if source.dialect.name == "sqlite" else cursor


def _bounds(contract: Contract, source: sa.Connection, cursor: sa.Column, days: tuple[date, date]):
    first, end = days[0], days[1] + timedelta(days=1)
    if source.dialect.name == "sqlite" or isinstance(cursor.type, sa.String):
        return first.isoformat(), end.isoformat()
    if isinstance(cursor.type, sa.DateTime):
        zone = UTC if cursor.type.timezone else None
        return datetime.combine(first, time(), zone), datetime.combine(end, time(), zone)
    if isinstance(cursor.type, sa.Date):
        return first, end
    raise LandingError(
        f"{contract.dataset}: {name_source(contract)}: cursor {cursor.name!r} is {cursor.type}; allowed: a date, a "
        f"timestamp or ISO text, since a part is one day of it; name another cursor in {contract.file.name}"
    )
