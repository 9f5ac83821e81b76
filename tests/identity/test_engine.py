"""What resolving needs of a database, of DuckDB.

Put here: working relations. Keep out: what identity makes of them.
"""

from __future__ import annotations

import duckdb
import pytest

from identity.engine import DuckDBEngine

LETTERS = "select unnest(['b', 'a', 'c']) as letter"


@pytest.fixture
def engine():
    with duckdb.connect() as connection:
        yield DuckDBEngine(connection)


def read(engine: DuckDBEngine) -> dict[str, int]:
    rows = engine.fetch("select letter, n from ir_letters").to_pylist()
    assert len({row["n"] for row in rows}) == len(rows)
    return {row["letter"]: row["n"] for row in rows}


def test_rows_are_numbered_and_keep_their_numbers_where_others_come(engine):
    engine.number("ir_letters", "n", LETTERS)
    before = read(engine)
    engine.extend("ir_letters", "select 'd'")
    after = read(engine)
    assert sorted(before.values()) == [0, 1, 2]
    assert after == {**before, "d": 3}


def test_a_numbered_relation_is_replaced_and_forgotten_with_its_rows(engine):
    engine.number("ir_letters", "n", LETTERS)
    engine.number("ir_letters", "n", "select 'z' as letter")
    assert read(engine) == {"z": 0}
    engine.drop("ir_letters")
    engine.number("ir_letters", "n", LETTERS)
    engine.drop_working()
    assert engine.fetch("select count(*) as n from duckdb_tables()")["n"].to_pylist() == [0]
