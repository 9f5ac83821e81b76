"""What differs between the files two homes publish.

Put here: which columns may differ by nature, and the comparison row for row. Keep out: what is expected of it (tests).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

# What differs from run to run by nature: when, and in which run, a row was looked at last.
AUDIT = frozenset({"landed_at", "known_from", "run_id", "available_at"})
MOMENTS = frozenset({"at", "happened_at", "event_id"})  # of id events, whose ids are made from the moment, too
LOGS = ["check_results", "mart_latency", "runs", "run_steps"]  # what grows with every run, or tells how long it took
FILES = {"published/customer360.duckdb": ("marts", "governance"), "private/steward.duckdb": ("identity", "std", "main")}


def find_differences(before: Path, after: Path, but: frozenset[str] = AUDIT) -> dict[str, tuple[int, int]]:
    """Table -> (rows only in home `before`, rows only in home `after`), for tables where there are any.

    Args:
        but: columns that are not compared.
    """
    found = {}
    with duckdb.connect() as con:
        for file, schemas in FILES.items():
            con.execute(f"attach '{before / file}' as before (read_only)")
            con.execute(f"attach '{after / file}' as after (read_only)")
            tables = _tables(con, "before", schemas, but)
            assert tables == _tables(con, "after", schemas, but)
            assert len(tables) > 10
            found |= _different(con, tables)
            con.execute("detach before")
            con.execute("detach after")
    return found


def _tables(
    con: duckdb.DuckDBPyConnection, database: str, schemas: tuple[str, ...], but: frozenset[str]
) -> dict[str, tuple[str, ...]]:
    """schema.table -> its columns without `but`; LOGS are left out."""
    found = con.execute(
        """
        select schema_name || '.' || table_name, list(column_name order by column_index) from duckdb_columns()
        where database_name = $database and list_contains($schemas, schema_name)
            and not list_contains($logs, table_name)
        group by 1
        """,
        {"database": database, "schemas": list(schemas), "logs": LOGS},
    ).fetchall()
    return {name: tuple(c for c in columns if c not in but) for name, columns in found}


def _different(con: duckdb.DuckDBPyConnection, tables: dict[str, tuple[str, ...]]) -> dict[str, tuple[int, int]]:
    """Table -> (rows only before, rows only after), for tables where there are any."""
    rows = {}
    for table, columns in tables.items():
        listed = ", ".join(f'"{c}"' for c in columns)
        before, after = (f"(select {listed} from {side}.{table})" for side in ("before", "after"))
        rows[table] = con.execute(
            f"select (select count(*) from ({before} except all {after})), "
            f"(select count(*) from ({after} except all {before}))"
        ).fetchall()[0]
    return {table: counts for table, counts in rows.items() if any(counts)}
