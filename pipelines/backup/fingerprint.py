"""The content of a published file as one number per table: the same rows, in any order, give the same number.

Put here: the numbers, and what differs between two files. Keep out: what is expected of them.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from quality.storage import opening

SCHEMAS = ("marts", "governance")
LOGS = ("check_results", "runs", "run_steps")  # grow with every build; all else, times and runs in it too, is as it was


def fingerprint_tables(published: Path) -> dict[str, tuple[int, int]]:
    """schema.table -> (rows, sum of the hashes of its rows), for every published table but LOGS."""
    with duckdb.connect(str(published), read_only=True, config=opening()) as connection:
        tables = connection.execute(
            """
            select schema_name || '.' || table_name, string_agg('"' || column_name || '"', ', ' order by column_index)
            from duckdb_columns()
            where list_contains($schemas, schema_name) and not list_contains($logs, table_name)
            group by all order by all
            """,
            {"schemas": list(SCHEMAS), "logs": list(LOGS)},
        ).fetchall()
        return {
            table: connection.execute(f"select count(*), coalesce(sum(hash({columns})), 0) from {table}").fetchall()[0]
            for table, columns in tables
        }


def find_differing(before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]) -> list[str]:
    """Tables that do not have the same rows in both, by name."""
    return sorted(table for table in before.keys() | after.keys() if before.get(table) != after.get(table))
