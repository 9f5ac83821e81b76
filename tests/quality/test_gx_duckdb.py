"""Great Expectations on DuckDB: every kind of expectation on ten rows whose answers are known.

Put here: that GX and DuckDB agree. Keep out: what we check with it (test_gx_validate.py).
"""

from __future__ import annotations

import gc
import socket
from datetime import datetime

import duckdb
import pytest

TEN_ORDERS = """
    create schema s;
    create table s.orders as
    select
        i::bigint as id, i % 3 as kind, (i * 1.5)::decimal(18, 2) as amount, i * 0.5::double as score,
        case when i < 8 then 'a' || i || '@x.example' end as email, timestamp '2024-01-01' + interval (i) day as at,
        date '2024-01-01' + i::int as day, i % 2 = 0 as paid, if(i % 2 = 0, 'web', 'shop') as channel
    from range(10) as t(i)
"""
RANGES = {"quantiles": [0.1, 0.5], "value_ranges": [[0, 1], [4, 5]]}
# expectation, arguments, holds, rows that break it or what was observed
KNOWN = [
    ("TableRowCountToEqual", {"value": 10}, True, 10),
    ("TableColumnCountToEqual", {"value": 8}, False, 9),
    ("ColumnToExist", {"column": "kind"}, True, None),
    ("ColumnValuesToNotBeNull", {"column": "email"}, False, 2),
    ("ColumnValuesToBeNull", {"column": "email"}, False, 8),
    ("ColumnValuesToBeUnique", {"column": "id"}, True, 0),
    ("ColumnValuesToBeUnique", {"column": "kind"}, False, 10),
    ("ColumnValuesToBeBetween", {"column": "amount", "min_value": 0, "max_value": 10}, False, 3),
    ("ColumnValuesToBeInSet", {"column": "channel", "value_set": ["web"]}, False, 5),
    ("ColumnValuesToNotBeInSet", {"column": "channel", "value_set": ["fax"]}, True, 0),
    ("ColumnValueLengthsToEqual", {"column": "channel", "value": 3}, False, 5),
    ("ColumnMaxToBeBetween", {"column": "at", "min_value": datetime(2024, 1, 5)}, True, datetime(2024, 1, 10)),
    ("ColumnMinToBeBetween", {"column": "amount", "min_value": 1}, False, 0),
    ("ColumnMeanToBeBetween", {"column": "score", "min_value": 2, "max_value": 3}, True, 2.25),
    ("ColumnSumToBeBetween", {"column": "amount", "min_value": 67, "max_value": 68}, True, 67.5),
    ("ColumnMedianToBeBetween", {"column": "id", "min_value": 4, "max_value": 5}, True, 4.5),
    ("ColumnQuantileValuesToBeBetween", {"column": "id", "quantile_ranges": RANGES}, True, [0, 4]),
    ("ColumnUniqueValueCountToBeBetween", {"column": "kind", "max_value": 2}, False, 3),
    ("ColumnPairValuesAToBeGreaterThanB", {"column_A": "id", "column_B": "kind", "or_equal": True}, True, 0),
    ("CompoundColumnsToBeUnique", {"column_list": ["kind", "paid"]}, False, 8),
]
TEXT = [
    # the patterns are found anywhere in the text; a null breaks no pattern
    ("ColumnValuesToMatchRegex", {"column": "email", "regex": "@x"}, True, 0),
    ("ColumnValuesToMatchRegex", {"column": "email", "regex": "^a[12]"}, False, 6),
    ("ColumnValuesToNotMatchRegex", {"column": "email", "regex": "[12]@"}, False, 2),
    ("ColumnValuesToMatchRegexList", {"column": "email", "regex_list": ["^a1", "^a2"], "match_on": "any"}, False, 6),
    ("ColumnValuesToMatchRegexList", {"column": "email", "regex_list": ["^a", "example$"], "match_on": "all"}, True, 0),
    ("ColumnValuesToNotMatchRegexList", {"column": "email", "regex_list": ["^a1", "^a2"]}, False, 2),
    ("ColumnValuesToMatchLikePattern", {"column": "email", "like_pattern": "a%@x.example"}, True, 0),
    ("ColumnValuesToNotMatchLikePattern", {"column": "email", "like_pattern": "a1%"}, False, 1),
    ("ColumnValuesToMatchLikePatternList", {"column": "email", "like_pattern_list": ["a1%", "a2%"]}, False, 6),
    ("ColumnValuesToNotMatchLikePatternList", {"column": "email", "like_pattern_list": ["a1%", "b%"]}, False, 1),
]
TYPES = [
    ("amount", "DECIMAL(18,2)", True),
    ("amount", "DECIMAL", True),
    ("amount", "numeric(18, 2)", True),
    ("amount", "DECIMAL(10,2)", False),
    ("amount", "DOUBLE", False),
    ("channel", "VARCHAR", True),
    ("channel", "TEXT", True),
    ("id", "BIGINT", True),
    ("id", "INTEGER", False),
    ("at", "TIMESTAMP", True),
    ("day", "DATE", True),
    ("paid", "BOOLEAN", True),
    ("paid", "NO_SUCH_TYPE", False),
]


@pytest.fixture(scope="module")
def con():
    with duckdb.connect() as con:
        con.execute("set autoinstall_known_extensions = false")
        con.execute(TEN_ORDERS)
        yield con


@pytest.fixture(scope="module")
def context():
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    return context


@pytest.fixture(scope="module", params=["table", "query"])
def batch(request, context, con):
    """The ten orders, as a table and as a query."""
    from quality.gx.datasource import open_datasource

    with open_datasource(context, con, request.param) as datasource:
        yield orders(datasource, request.param)


def orders(datasource, kind: str):
    if kind == "table":
        asset = datasource.add_table_asset(name="orders", schema_name="s", table_name="orders")
        return asset.add_batch_definition_whole_table("all").get_batch()
    asset = datasource.add_query_asset(name="orders", query="select * from s.orders where id::text <> '10:30'")
    return asset.add_batch_definition("all").get_batch()


def told(batch, expectation: str, arguments: dict) -> tuple:
    """Whether it holds, and what was seen; an exception is told as it is."""
    import great_expectations.expectations as gxe

    result = batch.validate(
        getattr(gxe, f"Expect{expectation}")(**arguments),
        result_format={"result_format": "BASIC", "partial_unexpected_count": 0},
    )
    seen = result.result.get("unexpected_count", result.result.get("observed_value"))
    seen = seen["values"] if isinstance(seen, dict) else seen
    raised = result.exception_info
    raised = raised if "raised_exception" in raised else next(iter(raised.values()))
    return (result.success, seen) if not raised["raised_exception"] else (False, raised["exception_message"])


@pytest.mark.parametrize(("expectation", "arguments", "holds", "seen"), KNOWN, ids=[k[0] for k in KNOWN])
def test_an_expectation_tells_what_is_so(batch, expectation, arguments, holds, seen):
    assert told(batch, expectation, arguments) == (holds, seen)


@pytest.mark.parametrize(("expectation", "arguments", "holds", "seen"), TEXT, ids=[t[0] for t in TEXT])
def test_patterns_are_looked_for_in_a_text(batch, expectation, arguments, holds, seen):
    assert told(batch, expectation, arguments) == (holds, seen)


@pytest.mark.parametrize(("column", "type_", "holds"), TYPES)
def test_a_column_is_of_the_type_duckdb_says(batch, column, type_, holds):
    assert told(batch, "ColumnValuesToBeOfType", {"column": column, "type_": type_})[0] is holds
    assert told(batch, "ColumnValuesToBeInTypeList", {"column": column, "type_list": [type_, "BLOB"]})[0] is holds


def test_a_row_condition_picks_the_rows(batch):
    rows = {"row_condition": 'col("kind") == 0', "condition_parser": "great_expectations"}
    assert told(batch, "ColumnValuesToNotBeNull", {"column": "email", **rows}) == (False, 1)
    assert told(batch, "TableRowCountToEqual", {"value": 4, **rows}) == (True, 4)


def test_two_assets_are_asked_in_turns(context, con):
    from quality.gx.datasource import open_datasource

    with open_datasource(context, con, "two") as datasource:
        one, two = (
            datasource.add_query_asset(name=f"up_to_{n}", query=f"select * from range({n}) t(i)")
            .add_batch_definition("all")
            .get_batch()
            for n in (3, 5)
        )
        counted = [told(batch, "TableRowCountToEqual", {"value": 3}) for batch in (one, two, one)]
    assert counted == [(True, 3), (False, 5), (True, 3)]


def test_the_callers_connection_stays_usable_and_its_files_are_seen(context, tmp_path, caplog):
    from quality.gx.datasource import open_datasource

    with duckdb.connect(str(tmp_path / "one.duckdb")) as con:
        con.execute(f"attach '{tmp_path / 'two.duckdb'}' as two")
        con.execute("create table two.t as select 1 as i")
        with open_datasource(context, con, "attached") as datasource:
            asset = datasource.add_query_asset(name="t", query="select * from two.t")
            batch = asset.add_batch_definition("all").get_batch()
            assert told(batch, "TableRowCountToEqual", {"value": 1}) == (True, 1)
            con.execute("insert into two.t values (2)")
        con.execute("create table two.u as select 1 as i")
        assert con.execute("select count(*) from two.t").fetchall() == [(2,)]
    assert "attached" not in context.data_sources.all()
    gc.collect()
    assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR"] == []


def test_nothing_is_asked_of_a_network(context, con, monkeypatch):
    from quality.gx.datasource import open_datasource

    def refuse(_socket, address):
        raise AssertionError(f"somebody asks {address}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    with open_datasource(context, con, "offline") as datasource:
        assert told(orders(datasource, "table"), "ColumnMaxToBeBetween", {"column": "id", "max_value": 9}) == (True, 9)
    assert con.execute("select count(*) from duckdb_extensions() where install_path like '/%'").fetchall() == [(0,)]
