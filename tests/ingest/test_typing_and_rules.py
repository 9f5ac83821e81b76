"""What text counts as a value, and what a broken rule does to its row or cell."""

from __future__ import annotations

import duckdb
import pytest
from support.ingest_home import column

from pipelines.ingest.dates import translate_pattern
from pipelines.ingest.errors import LandingError

KEY = column("k", "integer", primaryKey=True, required=True)


def land_values(home, kind, texts, **facts):
    """Each text as one cell: its landed value as text, None where it was no value."""
    home.declare(KEY, column("v", kind, **facts), delimiter=";")
    home.put("a.csv", "k;v\n" + "".join(f"{i};{t}\n" for i, t in enumerate(texts)))
    home.land()
    return [row[0] for row in home.rows("v::varchar, k")]


@pytest.mark.parametrize(
    ("kind", "facts", "texts", "values"),
    [
        ("integer", {}, ["12", " -7\t", "12.0", "12.7", "1e3", "x"], ["12", "-7", "12", None, None, None]),
        ("number", {}, ["1.5", ".5", "1e3", "1_0", "nan"], ["1.5", "0.5", "1000.0", None, None]),
        (
            "number",
            {"physicalType": "decimal(6,2)"},
            ["12.34", "12.345", "12.3400", "7", "-.5", "99999"],
            ["12.34", None, "12.34", "7.00", "-0.50", None],
        ),
        ("boolean", {}, ["true", "NO", "1", "y", "2"], ["true", "false", "true", "true", None]),
        (
            "date",
            {},
            ["2024-02-29", "2023-02-29", "2024-2-9", "2024-02-29 00:00:00"],
            ["2024-02-29", None, None, "2024-02-29"],
        ),
        (
            "date",
            {"logicalTypeOptions": {"format": "yyyyMMdd"}},
            ["20240229", "0", "2024022"],
            ["2024-02-29", None, None],
        ),
        (
            "date",
            {"logicalTypeOptions": {"format": "M/d/yyyy"}},
            ["4/8/1966", "04/08/1966", "13/1/2000"],
            ["1966-04-08", "1966-04-08", None],
        ),
        (
            "timestamp",
            {},
            ["2024-05-01 10:00", "2024-05-01T10:00:00Z", "x"],
            ["2024-05-01 10:00:00", "2024-05-01 10:00:00", None],
        ),
        (
            "timestamp",
            {"logicalTypeOptions": {"timezone": True}},
            ["2024-05-01T10:00:00+02:00", "2024-05-01T10:00:00.5-0530", "2024-05-01 10:00:00"],
            ["2024-05-01 08:00:00", "2024-05-01 15:30:00.5", None],
        ),
        (
            "timestamp",
            {"logicalTypeOptions": {"format": "dd.MM.yyyy HH:mm", "defaultTimezone": "Europe/Berlin"}},
            ["01.05.2024 10:00", "31.03.2024 02:30", "31.03.2024 03:00", "1.5.2024 10:00"],
            ["2024-05-01 08:00:00", None, "2024-03-31 01:00:00", None],
        ),
        (
            "timestamp",
            {"logicalTypeOptions": {"format": "yyyy-MM-dd HH:mm:ss.SSS"}},
            ["2025-09-11 11:15:07.263"],
            ["2025-09-11 11:15:07.263"],
        ),
        (
            "timestamp",
            {"logicalTypeOptions": {"format": "yyyy-MM-dd", "defaultTimezone": "Europe/Berlin"}},
            ["2024-05-01"],
            ["2024-04-30 22:00:00"],
        ),
        ("string", {}, [" Jon ", "\u00a0"], [" Jon ", None]),
        ("object", {}, ['{"a":1}', "[1]", "{"], ['{"a":1}', None, None]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_text_becomes_a_value_of_its_type_or_null(home, kind, facts, texts, values):
    if kind == "object":
        facts = {**facts}
        home.declare(KEY, column("v", kind), delimiter=";", quote="", escape="")
        home.put("a.csv", "k;v\n" + "".join(f"{i};{t}\n" for i, t in enumerate(texts)))
        home.land()
        assert [row[0] for row in home.rows("v, k")] == values
        return
    assert land_values(home, kind, texts, **facts) == values


@pytest.mark.parametrize("zone_rule", [("31.03.2024 02:30", "v.zone_gap"), ("x", "v.type")])
def test_a_clock_time_that_never_was_is_told_from_a_wrong_one(home, zone_rule):
    text, rule = zone_rule
    options = {"format": "dd.MM.yyyy HH:mm", "defaultTimezone": "Europe/Berlin"}
    land_values(home, "timestamp", [text], logicalTypeOptions=options)
    assert home.kept() == [("cell", 1, rule, text)]


def test_a_broken_optional_cell_becomes_null_and_a_broken_required_one_takes_its_row(home):
    home.declare(
        KEY,
        column("must", "number", required=True, logicalTypeOptions={"maximum": 10}),
        column("may", logicalTypeOptions={"pattern": "^[a-z]+$"}, enum=[{"value": "a"}, {"value": "b"}]),
    )
    home.put("a.csv", "k,must,may\n1,5,a\n2,11,a\n3,,b\n4,5,C\n,5,a\n")
    result = home.land()
    assert home.rows("k, must, may") == [(1, 5.0, "a"), (4, 5.0, None)]
    assert home.kept("kind, row_no, record_key, column_name, rule_id") == [
        ("row", 2, "2", "must", "must.maximum"),
        ("row", 3, "3", "must", "must.required"),
        ("cell", 4, "4", "may", "may.enum"),
        ("cell", 4, "4", "may", "may.pattern"),
        ("row", 5, "", "k", "k.required"),
    ]
    assert home.kept("raw")[0] == ('{"k":"2","must":"11","may":"a"}',)
    assert (result.received, result.landed, result.quarantined, result.cells) == (5, 2, 3, 1)


def quality(rule_id, **facts):
    return {"id": rule_id, "mustBe": 0, "severity": "warning", **facts}


def test_quality_rules_quarantine_rows_and_info_only_counts(home):
    valid = quality("known", metric="invalidValues", arguments={"validValues": ["a", "b"]})
    home.declare(
        KEY,
        column("v", quality=[valid, quality("there", metric="nullValues")]),
        column(
            "n",
            "integer",
            quality=[
                quality("above_k", type="sql", query="select count(*) from ${object} where n < k"),
                quality("even", type="sql", query="select count(*) from ${object} where n % 2 = 1", severity="info"),
            ],
        ),
    )
    home.put("a.csv", "k,v,n\n1,a,9\n2,x,9\n3,,9\n4,b,1\n")
    result = home.land()
    assert home.rows("k") == [(1,)]
    assert home.kept("row_no, rule_id") == [(2, "v.known"), (3, "v.there"), (4, "n.above_k")]
    assert "n.even: 4 seen, mustBe 0" in result.messages[-1]


def test_missing_values_are_null_before_typing(home):
    tokens = quality(
        "none", metric="missingValues", arguments={"missingValues": ["0", "-"]}, mustBeLessThan=100, unit="percent"
    )
    del tokens["mustBe"]
    home.declare(KEY, column("d", "date", logicalTypeOptions={"format": "yyyyMMdd"}, quality=[tokens]))
    home.put("a.csv", "k,d\n1,0\n2,-\n3,20240501\n")
    result = home.land()
    assert home.rows("k, d::varchar") == [(1, None), (2, None), (3, "2024-05-01")]
    assert (result.cells, result.messages) == (0, [])


def test_what_happened_two_days_after_its_arrival_is_quarantined(home):
    term = [{"type": "term", "url": "definitions/interaction.occurred_at"}]
    home.declare(KEY, column("at", "timestamp", authoritativeDefinitions=term), path="d_{yyyyMMdd}.csv")
    home.put("d_20240501.csv", "k,at\n1,2024-05-02 23:59:59\n2,2024-05-03 00:00:00\n")
    home.land()
    assert home.rows("k") == [(1,)]
    assert home.kept("row_no, rule_id") == [(2, "at.after_arrival")]


def test_without_a_key_equal_rows_are_numbered(home):
    home.declare(column("a"), column("b"))
    home.put("a.csv", "a,b\nx,1\ny,2\nx,1\n")
    home.land()
    digest = duckdb.execute("select md5('x' || chr(31) || '1')").fetchone()[0]
    assert [key for (key,) in home.rows("_record_key") if key.startswith(digest)] == [f"{digest}#1", f"{digest}#2"]


def test_a_composite_key_is_joined_in_key_order_from_typed_values(home):
    home.declare(
        column("a", "integer", primaryKey=True, primaryKeyPosition=2),
        column("b", primaryKey=True, primaryKeyPosition=1),
    )
    home.put("a.csv", "a,b\n007, x \n")
    home.land()
    assert home.rows("_record_key") == [("x|7",)]


@pytest.mark.parametrize(
    ("rule", "rows", "held"),
    [
        (quality("some", metric="rowCount", mustBeGreaterThan=1, severity="error"), 1, True),
        (quality("some", metric="rowCount", mustBeGreaterThan=1, severity="error"), 2, False),
        (quality("some", metric="rowCount", mustBeGreaterThan=1, severity="warning"), 1, False),
        (quality("once", metric="duplicateValues", arguments={"properties": ["v"]}, severity="error"), 2, True),
        (quality("sum", type="sql", query="select sum(k) from ${object}", severity="error", mustBe=3), 2, False),
    ],
)
def test_a_batch_rule_of_severity_error_holds_the_batch(home, rule, rows, held):
    if len([key for key in rule if key.startswith("must")]) > 1 and rule["mustBe"] == 0:
        del rule["mustBe"]
    home.declare(KEY, column("v"), rules=[rule])
    home.put("a.csv", "k,v\n" + "".join(f"{i + 1},a\n" for i in range(rows)))
    assert home.land().held is held
    assert len(home.rows()) == (0 if held else rows)


def test_an_unknown_part_of_a_date_format_is_named():
    with pytest.raises(LandingError, match="unknown part 'YYYY'"):
        translate_pattern("YYYY-MM-dd")


def test_a_rule_that_picks_no_rows_is_refused(home):
    home.declare(KEY, column("v", quality=[quality("r", type="sql", query="select max(v) from ${object}")]))
    home.put("a.csv", "k,v\n1,a\n")
    with pytest.raises(LandingError, match=r"d.odcs.yaml: rule 'v.r' \(sql\) picks no rows"):
        home.land()


def test_a_unique_column_takes_a_value_from_one_key_only(home):
    # Regression: `unique: true` was declared and never enforced.
    home.declare(
        column("k", primaryKey=True, required=True),
        column("card", unique=True, required=True),
        column("mail", unique=True),
    )
    home.put("a.csv", "k,card,mail\n1,A,m\n1,A,m\n2,A,x\n3,B,m\n4,C,\n5,D,\n")
    result = home.land()
    assert (result.received, result.landed, result.quarantined, result.cells) == (6, 5, 1, 1)
    assert [r[1:3] for r in home.kept("kind, row_no, rule_id")] == [(3, "card.unique"), (4, "mail.unique")]
    assert home.rows("k, card, mail")[2] == ("3", "B", None)


def test_a_unique_column_without_a_key_is_unique_by_row(home):
    home.declare(column("card", unique=True), column("v"))
    home.put("a.csv", "card,v\nA,1\nA,1\nA,2\n")
    assert home.land().cells == 2
