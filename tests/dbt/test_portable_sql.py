"""One SQL for two engines: nothing only DuckDB understands outside dispatch macros.

Put here: what is forbidden in models, tests and shared macros. Keep out: what the macros do (test_marts_*.py).
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot
from support.small_warehouse import REPOSITORY

PACKAGE = REPOSITORY / "dbt_project"
ENGINE_MACRO = re.compile(r"\{%-?\s*macro (?:duckdb|spark)__.*?\{%-?\s*endmacro", re.DOTALL)
ENGINE_MATERIALIZATION = re.compile(r"\{%-?\s*materialization .*?\{%-?\s*endmaterialization", re.DOTALL)
JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
TEXT_OR_COMMENT = re.compile(r"'(?:[^']|'')*'|--[^\n]*")
FORBIDDEN = {  # what: (pattern, an example it must find)
    "cast by ::": (r"::", "x::date"),
    "qualify": (r"\bqualify\b", "qualify row_number() over () = 1"),
    "list, struct or map function": (r"\b(list|struct|map|array)(_\w+)?\s*\(", "list_sort(x)"),
    "list or struct literal": (r"[(,=]\s*\[|\{", "in ([1, 2])"),
    "list or text slice": (r"\w\[", "x[1]"),
    "unnest": (r"\b(unnest|explode|generate_series|range)\s*\(", "unnest(x)"),
    "any_value": (r"\b(any_value|first|last)\s*\(", "any_value(x)"),
    "arg_min": (r"\b(arg_(min|max)|(min|max)_by)\s*\(", "arg_max(x, y)"),
    "ordered text aggregate": (r"\b(string_agg|listagg|group_concat|collect_\w+)\s*\(", "string_agg(x, y)"),
    "epoch": (r"\b(epoch\w*|unix_\w+)\s*\(", "epoch_ms(x)"),
    "time functions of one engine": (
        r"\b(strptime|strftime|date_diff|datediff|timezone|make_\w+)\s*\(",
        "strptime(a, b)",
    ),
    "JSON": (r"\b(json_\w+|get_json_object|to_json)\s*\(|->", "json_extract_string(a, b)"),
    "digest or bytes": (r"\b(sha256|sha2|hash|unhex|hex|encode|getvariable)\s*\(", "sha256(x)"),
    "regular expression test": (r"\b(regexp_matches|regexp_full_match|rlike)\b|~", "regexp_matches(a, b)"),
    "by all": (r"\b(group|order)\s+by\s+all\b", "group by all"),
    "star with exclude or replace": (r"\*\s*(exclude|except|replace|rename)\b", "select * exclude (a)"),
    "integer division by //": (r"//", "a // b"),
    "joins of one engine": (r"\b(asof|positional|lateral)\b", "asof join b"),
    "from before select": (r"(\(|\A)\s*from\b", "(from a)"),
    "the clock": (r"\b(current_date|current_timestamp|now\s*\(|today\s*\()", "now()"),
}


def shared_sql(file: Path) -> str:
    """The text every engine gets: without dispatched macros, Jinja, quoted text and comments."""
    text = file.read_text(encoding="utf-8")
    for pattern in (ENGINE_MACRO, ENGINE_MATERIALIZATION, JINJA):
        text = pattern.sub(" 1 ", text)
    return TEXT_OR_COMMENT.sub("''", text).lower()


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_model_test_or_shared_macro_uses_it(what):
    pattern = re.compile(FORBIDDEN[what][0], re.MULTILINE)
    assert pattern.search(FORBIDDEN[what][1]), "the pattern does not find its own example"
    files = [f for folder in ("models", "tests", "macros") for f in (PACKAGE / folder).rglob("*.sql")]
    found = {str(f.relative_to(PACKAGE)): m[0] for f in files if (m := pattern.search(shared_sql(f)))}
    assert found == {}, f"{what}: only in a dispatch macro of dbt_project/macros (docs/architecture.md)"


def test_every_compiled_model_can_be_said_in_spark_sql(home):
    compiled = list((home / "dbt" / "target" / "compiled" / "c360" / "models").rglob("*.sql"))
    assert len(compiled) > 30
    for file in compiled:
        for statement in sqlglot.transpile(file.read_text(encoding="utf-8"), read="duckdb", write="spark"):
            sqlglot.parse_one(statement, read="spark")


def test_every_dispatched_macro_has_both_engines():
    names = set(re.findall(r"macro ((?:duckdb|spark)__\w+)", "".join(f.read_text() for f in PACKAGE.rglob("*.sql"))))
    only_here = {"mask_token", "key_pad"}  # Spark has no session variables for the key's pads
    assert {n.removeprefix("duckdb__") for n in names if n.startswith("duckdb__")} - only_here == {
        n.removeprefix("spark__") for n in names if n.startswith("spark__")
    }
