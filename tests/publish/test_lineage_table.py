"""What a build leaves of its lineage: a table in the marts file, events in a file."""

from __future__ import annotations

import json

import duckdb
import pyarrow as pa

from pipelines.publish.lineage import read_published, write_events, write_lineage
from pipelines.publish.publish import prepare_marts
from quality.lineage.table import ARROW

ROW = {
    "table_schema": "marts",
    "table_name": "fct_orders",
    "column_name": "amount",
    "dataset": "orders",
    "field": "total",
    "origin": None,
    "term": "order.amount",
    "how": "same",
    "hops": 1,
    "path": "marts.fct_orders.amount < landing.orders.total",
}


def test_the_table_is_replaced_whole_and_says_what_its_columns_mean(tmp_path):
    marts = tmp_path / "c360_marts.duckdb"
    prepare_marts(marts)
    assert write_lineage(marts, pa.Table.from_pylist([ROW, {**ROW, "field": "tax"}], ARROW)) == 2
    assert write_lineage(marts, pa.Table.from_pylist([ROW], ARROW)) == 1
    with duckdb.connect(str(marts), read_only=True) as con:
        assert con.execute("select field, how, hops from governance.lineage").fetchall() == [("total", "same", 1)]
        assert con.execute(
            "select count(*), count(comment) from duckdb_columns() where table_name = 'lineage'"
        ).fetchall() == [(10, 10)]


def test_what_is_published_includes_the_lineage_itself_before_it_is_written(tmp_path):
    marts = tmp_path / "c360_marts.duckdb"
    prepare_marts(marts)
    with duckdb.connect(str(marts)) as con:
        con.execute("create table marts.t (b varchar, a integer)")
        con.execute("create table run_state.hidden (x integer)")
    found = read_published(marts)
    assert found["marts.t"] == {"b": "VARCHAR", "a": "INTEGER"}
    assert set(found) == {"marts.t", "governance.lineage"}


def test_events_are_one_a_line_and_those_of_the_last_build_alone(tmp_path):
    write_events(tmp_path / "lineage", [{"n": 1}, {"n": 2}])
    file = write_events(tmp_path / "lineage", [{"n": 3}])
    assert [json.loads(line) for line in file.read_text().splitlines()] == [{"n": 3}]
    assert [f.name for f in file.parent.iterdir()] == ["openlineage.ndjson"]
