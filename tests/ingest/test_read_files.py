"""Every disguise a file comes in: dialect, header, encoding, compression, format."""

from __future__ import annotations

import bz2
import gzip
from datetime import datetime

import duckdb
import openpyxl
import pyarrow as pa
import pytest
from support.ingest_home import column

TWO = [column("k", primaryKey=True, required=True), column("v")]
EXPECTED = [("1", "Zoë"), ("2", "b,c")]


def zst(data: bytes) -> bytes:
    return pa.compress(data, codec="zstd", asbytes=True)


@pytest.mark.parametrize(
    ("content", "server", "options"),
    [
        ('k,v\n1,Zoë\n2,"b,c"\n', {}, {}),
        ('k,v\r\n1,Zoë\r\n2,"b,c"\r\n', {}, {}),
        ('v,k\nZoë,1\n"b,c",2\n', {}, {}),  # another order than the contract's
        ('"k","v"\n"1","Zoë"\n"2","b,c"', {}, {}),
        ('\ufeff"k",v\n1,Zoë\n2,"b,c"\n', {}, {}),
        ("1\tZoë\n2\tb,c\n", {}, {"delimiter": "\t", "header": False}),
        ("1|Zoë\n2|b,c\n", {}, {"delimiter": "|", "header": False, "quote": "", "escape": ""}),
        (
            "1+|Zoë&|\r\n2+|b,c&|\r\n",
            {},
            {"delimiter": "+|", "rowSuffix": "&|", "header": False, "quote": "", "escape": ""},
        ),
        ("k+|v&|\n1+|Zoë&|\n2+|b,c&|\n", {}, {"delimiter": "+|", "rowSuffix": "&|", "quote": "", "escape": ""}),
        ('k,v\r\n1,Zoë\n2,"b,c"\r\n', {}, {"strict": False}),
        ('k,v\n1,Zoë\n2,"b,c"\n'.encode("utf-16"), {"encoding": "utf-16"}, {}),
        ('k,v\n1,Zoë\n2,"b,c"\n'.encode("latin-1"), {"encoding": "latin-1"}, {}),
        ('k,v\n1,Zoë\n2,"b,c"\n'.encode("cp1252"), {"encoding": "cp1252"}, {}),
    ],
    ids=["lf", "crlf", "order", "quoted", "bom", "tab", "pipe", "suffix", "head", "mixed", "utf16", "latin1", "cp1252"],
)
def test_csv_disguise_lands_the_same_rows(home, content, server, options):
    home.declare(*TWO, server=server, **options)
    home.put("a.csv", content)
    result = home.land()
    assert home.rows("k, v") == EXPECTED
    assert (result.received, result.landed, result.quarantined) == (2, 2, 0)


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".bz2", bz2.compress), (".zst", zst)])
def test_compressed_csv_lands_the_same_rows(home, suffix, pack):
    home.declare(*TWO, path="*.csv" + suffix)
    home.put("a.csv" + suffix, pack('k,v\n1,Zoë\n2,"b,c"\n'.encode()))
    home.land()
    assert home.rows("k, v") == EXPECTED


def test_csv_lines_that_are_no_rows_are_kept_with_line_number_and_text(home):
    home.declare(*TWO)
    home.put("a.csv", b"k,v\n1,a\n2\n3,x,y\n4,b\n5,\xff\n6,c\n")
    result = home.land()
    assert home.rows("k, v, _row") == [("1", "a", 1), ("4", "b", 4), ("6", "c", 6)]
    assert [(k, n, r) for k, n, r, _ in home.kept()] == [("line", n, "row.parse") for n in (3, 4, 6)]
    assert [raw for *_, raw in home.kept()][:2] == ["2", "3,x,y"]
    assert (result.received, result.landed, result.quarantined) == (6, 3, 3)


def test_a_row_without_its_suffix_is_kept_as_a_line(home):
    home.declare(*TWO, delimiter="+|", rowSuffix="&|", header=False, quote="", escape="")
    home.put("a.csv", "1+|a&|\n2+|b\n3+|c&|\n")
    home.land()
    assert home.rows("k, v, _row") == [("1", "a", 1), ("3", "c", 3)]
    assert home.kept() == [("line", 2, "row.parse", "2+|b")]


def test_a_column_the_contract_does_not_name_is_reported_and_left_out(home):
    home.declare(*TWO)
    home.put("a.csv", "k,new,v\n1,x,a\n")
    assert "columns the contract does not name: new" in home.land().messages[0]
    assert home.rows("k, v") == [("1", "a")]


JSON = [
    column("k", physicalName="$.id", primaryKey=True, required=True),
    column("device", physicalName="$.context.device.id"),
    column("dotted", physicalName='$."a.b"'),
    column("items", "array", physicalName="$.items"),
]


def test_jsonl_lands_nested_values_and_keeps_broken_lines(home):
    home.declare(*JSON, path="*.jsonl", server={"format": "jsonl"})
    lines = ['{"id":1,"context":{"device":{"id":"x"}},"a.b":"y","items":[{"p":1}]}', "", '{"id":2', "7", '{"id":3}']
    home.put("a.jsonl", "\n".join(lines) + "\n")
    result = home.land()
    assert home.rows("k, device, dotted, items, _row") == [("1", "x", "y", '[{"p":1}]', 1), ("3", None, None, None, 5)]
    assert home.kept() == [("line", 3, "row.parse", '{"id":2'), ("line", 4, "row.parse", "7")]
    assert (result.received, result.landed, result.quarantined) == (4, 2, 2)


def test_json_document_lands_its_objects(home):
    home.declare(*JSON, path="*.json", server={"format": "json"})
    home.put("a.json", '[{"id": 1, "context": {"device": {"id": "x"}}}, {"id": 3, "items": []}]')
    home.land()
    assert home.rows("k, device, items") == [("1", "x", None), ("3", None, "[]")]


TYPED = [
    column("k", "integer", primaryKey=True),
    column("bought_at", "timestamp"),
    column("n", "number", physicalType="decimal(9,2)"),
]


def test_parquet_lands_its_own_types(home):
    home.declare(*TYPED, column("tags", "array"), path="*.parquet", server={"format": "parquet"})
    file = home.put("a.parquet", b"")
    duckdb.execute(
        "copy (select 7::double as k, timestamptz '2024-05-01 10:00+02' as bought_at, 1.50::decimal(9,2) as n, "
        f"['a'] as tags) to '{file}' (format parquet)"
    )
    home.land()
    assert home.rows("k, bought_at::varchar, n::varchar, tags") == [(7, "2024-05-01 08:00:00", "1.50", '["a"]')]


def test_xlsx_lands_its_first_sheet(home):
    home.declare(*TYPED, path="*.xlsx", server={"format": "xlsx"})
    book = openpyxl.Workbook()
    for row in (["k", "bought_at", "n"], [7, datetime(2024, 5, 1, 8), 1.5], [8, None, None]):
        book.active.append(row)
    book.save(home.sources / "a.xlsx")
    home.land()
    assert home.rows("k, bought_at::varchar, n::varchar") == [(7, "2024-05-01 08:00:00", "1.50"), (8, None, None)]
