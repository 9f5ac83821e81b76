"""The pieces of rendered SQL that an engine spells its own way, spelled for DuckDB.

Put here: every expression another engine would write differently, one function each.
Keep out: which columns or rules exist (render_value.py and the table modules).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TYPES = {
    "text": "varchar",
    "timestamp": "timestamp",
    "date": "date",
    "boolean": "boolean",
    "integer": "integer",
    "bigint": "bigint",
    "number": "double",
    "money": "decimal(18,2)",
    "id": "uuid",
}
DIALECT = "duckdb"


def quote(name: str) -> str:
    """A column name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """A YAML scalar as a SQL literal; None is `null`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return "'" + str(value).replace("'", "''") + "'"


def convert(expression: str, kind: str) -> str:
    """A cast that gives null, never an error, where the value does not fit.

    `kind` is a key of TYPES; null, and plain text that is to be text, stay bare.
    """
    if expression == "null" or (kind == "text" and expression.startswith("'") and expression.count("'") == 2):
        return expression
    return f"try_cast({expression} as {TYPES[kind]})"


def trim_text(expression: str) -> str:
    """Text without white space of any script around it; empty text is null."""
    return rf"nullif(regexp_replace({expression}, '^[\s\p{{Z}}]+|[\s\p{{Z}}]+$', '', 'g'), '')"


def to_utc(expression: str, zone: str) -> str:
    """A local time of `zone` as UTC."""
    return f"timezone('UTC', timezone({literal(zone)}, cast({expression} as timestamp)))"


def to_local_date(expression: str, zone: str) -> str:
    """The day of a UTC time in `zone`."""
    return f"cast(timezone({literal(zone)}, timezone('UTC', {expression})) as date)"


def hash_id(*parts: str) -> str:
    """A UUID from the md5 of `parts` (SQL text expressions) joined by `|`."""
    return f"cast(md5(concat_ws('|', {', '.join(parts)})) as uuid)"


def json_text(pairs: Mapping[str, str]) -> str:
    """Flat JSON text of key → SQL text expression, without the keys that are null; null when none is left."""
    members = ", ".join(
        f"case when {value} is not null then {literal(_member(key))} || cast(to_json({value}) as varchar) end"
        for key, value in pairs.items()
    )
    return f"'{{' || nullif(concat_ws(',', {members}), '') || '}}'" if pairs else "null"


def sorted_list(expression: str) -> str:
    """Aggregate: the distinct values in order, joined by commas; null when there is none."""
    # Twice as fast as string_agg(distinct … order by …).
    return f"nullif(array_to_string(list_sort(list_distinct(list({expression}))), ','), '')"


def json_param(entries: str, key: str) -> str:
    """The text value of the entry named `key` in a JSON list of {key, value}; a value may be plain, or
    an object with one of string_value, int_value, float_value, double_value."""
    entry = f"list_filter(try_cast({entries} as json[]), lambda e: coalesce(e ->> '$.key', e ->> '$.name') = {key})[1]"
    typed = ", ".join(f"({entry}) ->> '$.value.{t}_value'" for t in ("string", "int", "float", "double"))
    plain = f"case when json_type({entry}, '$.value') <> 'OBJECT' then ({entry}) ->> '$.value' end"
    return f"coalesce({typed}, {plain})"


def json_sum(entries: str, field: str) -> str:
    """The sum of `field` over a JSON list of objects; entries without a number count nothing."""
    number = f"try_cast(e ->> ('$.' || {field}) as decimal(38,6))"
    return f"list_sum(list_transform(try_cast({entries} as json[]), lambda e: {number}))"


def read_landing(landing: str) -> str:
    """The relation of every landed part of the dataset `{name}` (dbt fills it in) under the folder `landing`."""
    folder = literal(landing.replace("{", "{{").replace("}", "}}") + "/{name}/**/*.parquet")
    return f"read_parquet({folder}, union_by_name=true, hive_partitioning=false)"


def _member(key: str) -> str:
    return '"' + key.replace('"', '\\"') + '":'
