"""The steward's file: identity, raw person records and identifiers, quarantined rows; for stewards, and to learn from.

A large one is made of the last one: only rows that differ are written, which takes half of the time of writing all.

Put here: what is in the file and how it comes there. Keep out: swapping it in (publish.py).
Method: rows are compared by 64-bit hashes. Those whose hash only one side has are deleted and inserted; the others must
be as many, with the same sum of hashes, else all is written. Two rows that differ share a hash once in 10^19.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb

from quality.render_sql import literal
from quality.storage import STORAGE_VERSION, opening

WORTH = 64 * 2**20  # bytes; a smaller file is written sooner than compared
MOST = 0.3  # of a table's rows, or of a file's blocks: where more differ, or are left empty, all is written


def write_steward(warehouse: Path, last: Path, draft: Path, quarantine: Path) -> int:
    """Write the file anew, or bring a copy of the last one to what the warehouse has now.

    Args:
        warehouse: no process may have it open for writing.
        last: the file stewards read now, if there is one; it is left alone.
        draft: the file to write.
        quarantine: folder of quarantined parts.
    Returns:
        the number of tables.
    """
    if _is_worth_keeping(last):
        shutil.copyfile(last, draft)
    with duckdb.connect(config=opening()) as connection:
        connection.execute(f"set temp_directory = {literal(str(warehouse.parent / 'tmp'))}")
        connection.execute(f"attach {literal(str(warehouse))} as w (read_only)")
        connection.execute(f"attach {literal(str(draft))} as s (storage_version '{STORAGE_VERSION}')")
        views = connection.execute(
            "select 'identity.\"' || view_name || '\"', sql from duckdb_views() "
            "where database_name = 'w' and schema_name = 'identity'"
        ).fetchall()
        wanted = _columns(
            connection,
            "database_name = 'w' and (schema_name = 'identity' or schema_name || '.' || table_name in "
            "('std.std_persons', 'std.std_identifiers', 'control.run', 'control.parts'))",
        )
        for view, _ in views:
            del wanted[view]
        _drop_views(connection)
        there = _columns(connection, "database_name = 's'")
        for table in there.keys() - wanted.keys():
            connection.execute(f"drop table s.{table}")
        for table, columns in wanted.items():
            connection.execute(f"create schema if not exists s.{table.partition('.')[0]}")
            if there.get(table) != columns or not _replace_differing(connection, table):
                connection.execute(f"create or replace table s.{table} as from w.{table}")
        connection.execute("use s")
        for _, view in views:  # of the tables above alone, so that it means the same in a file of its own
            connection.execute(view)
        if any(quarantine.glob("*/*/*.parquet")):
            connection.execute(
                "create table s.quarantine as from "
                f"read_parquet({literal(str(quarantine / '*' / '*' / '*.parquet'))}, "
                "union_by_name = true, hive_partitioning = false)"
            )
        return connection.execute("select count(*) from duckdb_tables() where database_name = 's'").fetchall()[0][0]


def _is_worth_keeping(last: Path) -> bool:
    """Whether there is a file so large, and not mostly of rows that went."""
    if not last.is_file() or last.stat().st_size < WORTH:
        return False
    with duckdb.connect(str(last), read_only=True, config=opening()) as connection:
        ((blocks, free),) = connection.execute(
            "select total_blocks, free_blocks from pragma_database_size()"
        ).fetchall()
    return free <= MOST * blocks


def _drop_views(connection: duckdb.DuckDBPyConnection) -> None:
    found = connection.execute(
        "select schema_name, view_name from duckdb_views() where database_name = 's' and not internal"
    )
    for schema, view in found.fetchall():
        connection.execute(f'drop view s.{schema}."{view}"')


def _columns(connection: duckdb.DuckDBPyConnection, where: str) -> dict[str, list[tuple[str, str]]]:
    """Tables and views, `schema."table"`, with the names and types of their columns."""
    found = connection.execute(
        "select schema_name || '.\"' || table_name || '\"', list((column_name, data_type) order by column_index) "
        f"from duckdb_columns() where {where} group by all order by all"
    )
    return dict(found.fetchall())


def _replace_differing(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Bring `s` to what `w` has; False where so much differs that writing all is quicker."""
    for side in ("w", "s"):
        connection.execute(f"create or replace temp table {side}_rows as select hash(t) as h from {side}.{table} as t")
    for side, other in (("w", "s"), ("s", "w")):
        alone = f"select h from {side}_rows anti join {other}_rows using (h)"
        connection.execute(f"create or replace temp table {side}_alone as {alone}")
    came, went = _measure(connection, "w_alone"), _measure(connection, "s_alone")
    now, before = _measure(connection, "w_rows"), _measure(connection, "s_rows")
    is_same = all(n - c == b - w for n, c, b, w in zip(now, came, before, went, strict=True))  # of rows both have
    if not is_same or max(came[0], went[0]) > MOST * now[0]:
        return False
    if went[0]:
        gone = f"select t.rowid from s.{table} as t where hash(t) in (select h from s_alone)"
        connection.execute(f"delete from s.{table} where rowid in ({gone})")
    if came[0]:
        connection.execute(
            f"insert into s.{table} select * from w.{table} as t where hash(t) in (select h from w_alone)"
        )
    return True


def _measure(connection: duckdb.DuckDBPyConnection, hashes: str) -> tuple[int, int]:
    """How many, and their sum."""
    return connection.execute(f"select count(*), coalesce(sum(h), 0) from {hashes}").fetchall()[0]
