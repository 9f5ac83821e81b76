"""SQL databases: a table, or the days of it a cursor asks for, into raw text.

Put here: everything SQLAlchemy. Keep out: files (read_text.py, read_table.py), when to read what (land.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from pipelines.ingest.errors import LandingError
from pipelines.ingest.raw import NEW_REJECTS, Raw, match_columns, whole_row
from quality.contract import Contract

BATCH = 50_000


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

    The database turns values into text itself; rows come in batches of 50,000, never all at once.

    Args:
        days: first and last cursor day, both read, and rows without a cursor; None reads the whole table.
    Returns:
        The columns of `fetched`; `raw` is made of it by `take_rows`.
    Raises:
        LandingError: unreachable database, no such table, wrong columns, a cursor that is no time.
        ContractError: an environment variable of the location is not set.
    """
    physical = [c.physical_name for c in contract.landed]
    names = [f"c{i}" for i in range(len(physical))]
    con.execute(f"create or replace temp table fetched ({', '.join(f'{n} varchar' for n in [*names, 'day'])})")
    with _connect(contract, env) as source:
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


def take_rows(con: duckdb.DuckDBPyConnection, contract: Contract, raw: Raw, day: date | None) -> None:
    """Make `raw` of the fetched rows of one cursor day (None: of those without), in an order no database decides."""
    where = f"day = '{day.isoformat()}'" if day else "day is null"
    keys = [raw.columns[c.physical_name] for c in contract.key]
    order = ", ".join([*keys, *(c for c in raw.columns.values() if c not in keys)])
    con.execute(NEW_REJECTS)
    con.execute(
        f"create or replace temp table raw as select {', '.join(raw.columns.values())} from fetched where {where} "
        f"order by {order}"
    )


def hash_rows(con: duckdb.DuckDBPyConnection, raw: Raw) -> dict[date | None, str]:
    """Content of each fetched day: 32 hex digits which depend on the rows, and not on their order."""
    rows = con.execute(
        "select try_cast(day as date), md5(concat_ws('|', count(*), sum(md5_number_upper(r)::hugeint), "
        f"sum(md5_number_lower(r)::hugeint))) from (select day, {raw.whole} as r from fetched) group by all order by 1"
    ).fetchall()
    return dict(rows)


def peek(contract: Contract, env: Mapping[str, str]) -> str:
    """The highest cursor of a table, or without a cursor the number of its rows.

    Raises:
        LandingError: unreachable database, no such table or column.
    """
    schema, _, name = contract.table.rpartition(".")
    source = sa.table(name, schema=schema or None)
    cursor = sa.column(contract.column(contract.cursor).physical_name) if contract.cursor else None
    seen = sa.func.count() if cursor is None else sa.func.max(cursor)
    with _connect(contract, env) as connection:
        return str(connection.execute(sa.select(seen).select_from(source)).scalar())


@contextmanager
def _connect(contract: Contract, env: Mapping[str, str]):
    where = f"{contract.dataset}: {name_source(contract)}"
    url = contract.server.resolve(env)
    try:
        address = sa.make_url(url)
        # SQLite makes a database it does not find; a source is never made.
        if address.get_backend_name() == "sqlite" and address.database:
            address = address.set(database=f"file:{address.database}").update_query_dict({"mode": "ro", "uri": "true"})
        engine = sa.create_engine(address, poolclass=sa.NullPool)
        connection = engine.connect()
    except (sa.exc.SQLAlchemyError, ImportError) as fault:
        raise LandingError(
            f"{where}: database unreachable ({type(fault).__name__}); check the location, that the server is up, and "
            "that its driver is installed"
        ) from None
    try:
        with connection:
            yield connection
    except sa.exc.SQLAlchemyError as fault:
        raise LandingError(
            f"{where}: reading failed ({type(fault).__name__}); nothing of it was landed; run again"
        ) from None
    finally:
        engine.dispose()


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
