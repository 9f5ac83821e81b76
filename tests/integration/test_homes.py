"""One home never touches another, and the same sources never make another result.

Put here: two homes, two runs. Keep out: what one run makes of its sources (test_demo.py, tests/companies).
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest
from corner_shop_home import COMPANIES, hash_files, run_c360
from demo_sizes import FULL

# What differs from run to run by nature: when, and in which run, a row was looked at last.
AUDIT = {"landed_at", "known_from", "run_id"}
FILES = {"published/customer360.duckdb": ("marts", "governance"), "private/steward.duckdb": ("identity", "std", "main")}


@pytest.mark.parametrize("demo", [FULL], indirect=True)
def test_another_company_touches_nothing_of_the_first_home(demo, tmp_path, real_data):
    before = hash_files(demo.home)
    assert "published/customer360.duckdb" in before
    done = run_c360("run", "--company", COMPANIES / "adventureworks", "--home", tmp_path / "home", C360_DATA=real_data)
    assert done.returncode == 0, done.stdout[-4000:]
    assert hash_files(demo.home) == before


@pytest.mark.parametrize("demo", [FULL], indirect=True)
def test_a_second_run_changes_no_id_and_no_row(demo, tmp_path):
    for file in FILES:
        shutil.copy(demo.home / file, tmp_path)
    done = run_c360("run", "--company", COMPANIES / "demo", "--home", demo.home)
    assert done.returncode == 0, done.stdout[-4000:]
    with duckdb.connect() as con:
        for file, schemas in FILES.items():
            con.execute(f"attach '{tmp_path / Path(file).name}' as before (read_only)")
            con.execute(f"attach '{demo.home / file}' as after (read_only)")
            tables = _tables(con, "before", schemas)
            assert tables == _tables(con, "after", schemas)
            assert len(tables) > 10
            assert _different(con, tables) == {}
            con.execute("detach before")
            con.execute("detach after")


def _tables(con: duckdb.DuckDBPyConnection, database: str, schemas: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """schema.table -> its columns without AUDIT; the log of checks grows with every run and is left out."""
    found = con.execute(
        """
        select schema_name || '.' || table_name, list(column_name order by column_index) from duckdb_columns()
        where database_name = $database and list_contains($schemas, schema_name) and table_name <> 'check_results'
        group by 1
        """,
        {"database": database, "schemas": list(schemas)},
    ).fetchall()
    return {name: tuple(c for c in columns if c not in AUDIT) for name, columns in found}


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
