"""Queries that were read before are not read again."""

from __future__ import annotations

import pytest

from quality.lineage import queries
from quality.lineage.queries import Queries
from quality.lineage.sql import Column, LineageError, read_query

SQL, SCHEMA = "select a from s.t", {"s.t": ("a", "b")}


@pytest.fixture
def asked(monkeypatch):
    """The queries that were really read."""
    seen = []
    monkeypatch.setattr(queries, "read_query", lambda sql, schema: seen.append(sql) or read_query(sql, schema))
    return seen


def test_what_was_read_and_kept_is_not_read_by_the_next_build(tmp_path, asked):
    for _ in range(2):
        kept = Queries(tmp_path / "kept", "files")
        assert kept.read(SQL, SCHEMA).columns["a"] == {Column("s.t", "a"): "same"}
        kept.keep()
    assert asked == [SQL]


@pytest.mark.parametrize(
    ("sql", "schema", "files"),
    [("select b from s.t", SCHEMA, "files"), (SQL, {"s.t": ("a",)}, "files"), (SQL, SCHEMA, "others")],
)
def test_another_query_other_columns_and_other_files_are_read_anew(tmp_path, asked, sql, schema, files):
    kept = Queries(tmp_path / "kept", "files")
    kept.read(SQL, SCHEMA)
    kept.keep()
    Queries(tmp_path / "kept", files).read(sql, schema)
    assert asked == [SQL, sql]


def test_half_a_file_is_no_file(tmp_path, asked):
    kept = Queries(tmp_path / "kept", "files")
    kept.read(SQL, SCHEMA)
    kept.keep()
    (tmp_path / "kept").write_bytes((tmp_path / "kept").read_bytes()[:40])
    assert Queries(tmp_path / "kept", "files").read(SQL, SCHEMA) == kept.read(SQL, SCHEMA)


def test_a_query_that_cannot_be_read_is_not_kept(tmp_path, asked):
    for _ in range(2):
        with pytest.raises(LineageError):
            Queries(tmp_path / "kept").read("from from", {})
    assert len(asked) == 2
