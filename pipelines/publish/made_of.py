"""What tables of the marts file were made of, kept beside them: digests and names, and nothing of a row.

In one transaction with the table itself the note is never of another one.

Put here: the notes. Keep out: what a digest is taken of (its caller).
"""

from __future__ import annotations

import duckdb

NOTES = "run_state.made_of"


def note_made_of(connection: duckdb.DuckDBPyConnection, table: str, made_of: str) -> None:
    """Keep what a table, `schema.table`, was made of, in the caller's transaction on the marts file."""
    connection.execute("create schema if not exists run_state")
    connection.execute(f"create table if not exists {NOTES} (name varchar, made_of varchar)")
    connection.execute(f"delete from {NOTES} where name = ?", [table])
    connection.execute(f"insert into {NOTES} values (?, ?)", [table, made_of])


def was_made_of(connection: duckdb.DuckDBPyConnection, table: str) -> str | None:
    """What it was made of; None where nobody noted it."""
    try:
        noted = connection.execute(f"select made_of from {NOTES} where name = ?", [table]).fetchall()
    except duckdb.CatalogException:  # the first build
        return None
    return noted[0][0] if noted else None
