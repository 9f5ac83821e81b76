"""What a BI tool asks before it shows a table: tables, columns, comments, keys; a connection for each question.

Put here: those questions, through SQLAlchemy. Keep out: the loop (polling.py).
"""

from __future__ import annotations

import sqlalchemy as sa
from polling import poll
from sqlalchemy.pool import NullPool


def read(file: str) -> tuple[str, dict[str, dict]]:
    engine = sa.create_engine(f"duckdb:///{file}", poolclass=NullPool, connect_args={"read_only": True})
    inspector = sa.inspect(engine)
    tables = sorted(inspector.get_table_names(schema="marts"))
    columns = {table: inspector.get_columns(table, schema="marts") for table in tables}
    bare = [f"{table}.{column['name']}" for table in tables for column in columns[table] if not column["comment"]]
    assert not bare, f"columns without a comment: {bare}"
    comments = {table: inspector.get_table_comment(table, schema="marts")["text"] or "" for table in tables}
    assert all(text.startswith("One row per ") for text in comments.values()), comments
    dimensions = [table for table in tables if table.startswith("dim_")]
    keys = {table: inspector.get_pk_constraint(table, schema="marts")["constrained_columns"] for table in dimensions}
    customers = sa.Table("dim_customers", sa.MetaData(schema="marts"), autoload_with=engine)
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(customers)) > 0
    return "schema", {"keys": keys, "columns": {table: [c["name"] for c in columns[table]] for table in tables}}


poll(sa.__version__, read)
