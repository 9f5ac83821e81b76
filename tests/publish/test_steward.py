"""The steward's file, made of the last one, holds what it would if it were written anew."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.publish import steward
from pipelines.publish.steward import write_steward

MADE = """
create schema identity; create schema std; create schema control;
create table identity.customers as
    select range as id, 'name ' || range % 50 as name, null::date as born from range(1000);
create table identity.membership as select range % 300 as id from range(900);
create table std.std_persons as select range as id, {'city': range % 7} as place from range(500);
create table std.std_orders as select 1 as secret;
create table control.run as select 1 as run;
create view identity.named as from identity.customers where name is not null;
"""
CHANGES = {
    "nothing": "",
    "few rows": "update identity.customers set name = null where id < 20; delete from std.std_persons where id = 7; "
    "insert into identity.customers values (2000, 'new', '2020-01-01')",
    "rows that are there several times": "delete from identity.membership where id = 5; "
    "insert into identity.membership values (6), (6), (7)",
    "most rows": "update identity.customers set name = name || '!'",
    "another column": "alter table std.std_persons add column email varchar default 'e'",
    "another type": "alter table identity.membership alter id type integer",
    "a table more": "create table identity.edges as select range as id from range(10)",
    "a table less": "drop table identity.membership",
}


@pytest.fixture
def warehouse(tmp_path):
    file = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(file)) as con:
        con.execute(MADE)
    return file


def tell(file) -> dict[str, tuple]:
    """Every table and view with its columns and rows."""
    with duckdb.connect(str(file), read_only=True) as con:
        names = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() "
            "union all select schema_name || '.' || view_name from duckdb_views() where not internal order by all"
        ).fetchall()
        return {
            name: (con.execute(f"describe {name}").fetchall(), con.execute(f"from {name} order by all").fetchall())
            for (name,) in names
        }


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_made_of_the_last_one_is_the_file_written_anew(warehouse, tmp_path, monkeypatch, change):
    nowhere, last = tmp_path / "none", tmp_path / "last"
    write_steward(warehouse, nowhere, last, nowhere)
    with duckdb.connect(str(warehouse)) as con:
        con.execute(CHANGES[change] or "select 1")
    tables = write_steward(warehouse, nowhere, tmp_path / "anew", nowhere)
    monkeypatch.setattr(steward, "WORTH", 0)
    before = tell(last)
    assert write_steward(warehouse, last, tmp_path / "made", nowhere) == tables
    assert tell(tmp_path / "made") == tell(tmp_path / "anew")
    assert tell(last) == before
    assert "std.std_orders" not in before


@pytest.mark.parametrize("is_made_of_the_last", [False, True])
def test_a_view_of_identity_stays_one_and_needs_nothing_but_the_file(
    warehouse, tmp_path, monkeypatch, is_made_of_the_last
):
    nowhere, file = tmp_path / "none", tmp_path / "steward.duckdb"
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create view identity.newest as select id from identity.customers where id > 990")
    if is_made_of_the_last:
        monkeypatch.setattr(steward, "WORTH", 0)
        write_steward(warehouse, nowhere, tmp_path / "last", nowhere)
        with duckdb.connect(str(warehouse)) as con:
            con.execute("delete from identity.customers where id = 991")
    write_steward(warehouse, tmp_path / "last", file, nowhere)
    with duckdb.connect() as con:
        con.execute(f"attach '{file}' as elsewhere (read_only)")
        found = con.execute("select min(id) from elsewhere.identity.newest").fetchall()
        views = con.execute("select view_name from duckdb_views() where not internal order by 1").fetchall()
    assert views == [("named",), ("newest",)]
    assert found == [(992 if is_made_of_the_last else 991,)]


def test_only_what_differs_is_written(warehouse, tmp_path, monkeypatch):
    nowhere, last = tmp_path / "none", tmp_path / "last"
    write_steward(warehouse, nowhere, last, nowhere)
    with duckdb.connect(str(warehouse)) as con:
        con.execute(CHANGES["few rows"])
    monkeypatch.setattr(steward, "WORTH", 0)
    write_steward(warehouse, last, tmp_path / "made", nowhere)
    with duckdb.connect(str(tmp_path / "made"), read_only=True) as con:
        lie = [id for (id,) in con.execute("select id from identity.customers order by rowid").fetchall()]
    assert lie[:980] == list(range(20, 1000))
    assert set(lie[980:]) == {*range(20), 2000}


def test_a_file_mostly_of_rows_that_went_is_written_anew(warehouse, tmp_path, monkeypatch):
    nowhere, last = tmp_path / "none", tmp_path / "last"
    with duckdb.connect(str(warehouse)) as con:
        con.execute("create table identity.edges as select range as id, md5(range::varchar) as e from range(300000)")
    write_steward(warehouse, nowhere, last, nowhere)
    with duckdb.connect(str(warehouse)) as con:
        con.execute("drop table identity.edges")
    monkeypatch.setattr(steward, "WORTH", 0)
    write_steward(warehouse, last, tmp_path / "made", nowhere)
    write_steward(warehouse, tmp_path / "made", tmp_path / "again", nowhere)
    assert (tmp_path / "again").stat().st_size < last.stat().st_size / 3
