"""Typed cells: for each column of a contract, the SQL which reads its raw text.

Put here: what text counts as a value of a logicalType, and its conversion.
Keep out: rules on typed values (rules.py), reading files (read_*.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.ingest.dates import translate_pattern
from pipelines.ingest.errors import LandingError
from quality.contract import Column, Contract

# White space of any script. `trim` with a list of these characters takes seven times as long.
_BLANK = r"[\s\x0b\x{85}\p{Z}]"
BLANK_ENDS = rf"'^{_BLANK}+|{_BLANK}+$'"
_OFFSET = r"(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$"
_ISO_DAY = r"\d{4}-\d{2}-\d{2}"
_ISO_TIME = rf"{_ISO_DAY}(?:[T ]\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,9}})?)?)?"
TRUE, FALSE = ("true", "1", "yes", "y"), ("false", "0", "no", "n")


@dataclass(frozen=True)
class Cell:
    """The SQL of one column. `local` is set for times of a zone: the clock time before conversion to UTC."""

    column: Column
    text: str  # trimmed text; null for blank and missing tokens
    value: str  # typed value of the text; null where the text is no such value
    local: str | None = None


def quote(text: str) -> str:
    """A SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def name(identifier: str) -> str:
    """A SQL identifier in quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def landed_type(column: Column) -> str:
    """The DuckDB type a column lands as (docs/architecture.md, Landing).

    Raises:
        LandingError: the contract names a type that cannot be landed.
    """
    plain = {
        "string": "varchar",
        "object": "varchar",
        "array": "varchar",
        "integer": "bigint",
        "boolean": "boolean",
        "date": "date",
        "timestamp": "timestamp",
    }
    if column.logical_type in plain:
        return plain[column.logical_type]
    if column.logical_type == "number":
        exact = _decimal(column)
        return f"decimal({exact[0]},{exact[1]})" if exact else "double"
    raise LandingError(
        f"column {column.name!r}: logicalType {column.logical_type!r} cannot be landed; allowed: {', '.join(plain)}, "
        "number; correct the contract"
    )


def read_cell(column: Column, raw: str) -> Cell:
    """SQL for one column.

    Text is trimmed before it is typed; a string itself lands as it came, and blank text is null. integer: digits with a
    sign (`12.0` too, `12.7` not). decimal: exact, more decimals than the scale is a failure. boolean: true/false, 1/0,
    yes/no, y/n in any case. date, timestamp: the contract's Java format or ISO; text with an offset is converted by it,
    other text by defaultTimezone, and without one it is UTC.

    Args:
        raw: SQL of the raw text of the column.
    """
    tokens = [
        t for rule in column.rules if rule.kind == "missingValues" for t in rule.arguments.get("missingValues", ())
    ]
    trimmed = _trim(raw)
    listed = ", ".join(quote(str(token).strip()) for token in tokens if str(token).strip())
    text = f"case when {trimmed} not in ({listed}) then {trimmed} end" if listed else trimmed
    t = name(f"t_{column.position}")
    if column.logical_type == "string":
        return Cell(column, text, f"case when {t} is not null then {raw} end")
    if column.logical_type in ("object", "array"):
        return Cell(
            column, text, f"case when json_valid({t}) and json_type({t}) = '{column.logical_type.upper()}' then {t} end"
        )
    if column.logical_type == "boolean":
        words = ", ".join(map(quote, TRUE)), ", ".join(map(quote, FALSE))
        return Cell(
            column,
            text,
            f"case when lower({t}) in ({words[0]}) then true when lower({t}) in ({words[1]}) then false end",
        )
    if column.logical_type == "timestamp":
        return _read_timestamp(column, text, t)
    if column.logical_type == "date":
        iso = _guard(t, rf"{_ISO_DAY}(?:[T ]00:00(?::00(?:\.0+)?)?)?", f"try_cast(left({t}, 10) as date)")
        return Cell(column, text, f"coalesce({_by_format(column, t)}::date, {iso})" if column.format else iso)
    return Cell(column, text, _read_number(column, t))


def landing_facts(contract: Contract) -> dict:
    """Everything of a contract that decides what a landed part holds: a change lands its parts anew.

    Mappings, terms and thresholds are not in it: they never re-read a file.
    """
    return {
        "format": 1,
        "server": [contract.server.format, contract.server.encoding, str(contract.server.read), *_asked(contract)],
        "columns": [
            [
                *(c.name, c.physical_name, landed_type(c), c.logical_type, c.format, c.default_timezone, c.has_offset),
                *(c.key_position, c.required, c.enum, c.pattern, str(c.minimum), str(c.maximum)),
                "interaction.occurred_at" in c.terms,
                *(["unique"] if c.unique else []),
                [[r.rule_id, r.kind, r.severity == "info", dict(r.arguments), r.query] for r in c.rules],
            ]
            for c in contract.landed
        ],
    }


def _trim(raw: str) -> str:
    # Text that begins and ends with a printed ASCII character has nothing to trim: half the time of asking the regexp.
    ends = f"{raw} between '!' and '~' and {raw}[-1] between '!' and '~'"
    return f"case when {ends} then {raw} else nullif(regexp_replace({raw}, {BLANK_ENDS}, '', 'g'), '') end"


def _asked(contract: Contract) -> list[str]:
    """Of an API, what decides which rows it gives; how its pages are turned does not."""
    api = contract.server.api
    return [api.rows, str(sorted(api.params.items()))] if api else []


def _decimal(column: Column) -> tuple[int, int] | None:
    match = re.fullmatch(r"(?:decimal|numeric)\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", (column.physical_type or "").lower())
    return (int(match[1]), int(match[2] or 0)) if match else None


def _guard(text: str, regex: str, value: str) -> str:
    return f"case when regexp_full_match({text}, {quote(regex)}) then {value} end"


def _read_number(column: Column, t: str) -> str:
    if column.logical_type == "integer":
        return _guard(t, r"[+-]?\d+(?:\.0+)?", f"try_cast({t} as bigint)")
    exact = _decimal(column)
    if not exact:
        return _guard(t, r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", f"try_cast({t} as double)")
    scale = exact[1]
    fraction = rf"\d{{1,{scale}}}0*|0+" if scale else "0+"
    return _guard(t, rf"[+-]?(?:\d+(?:\.(?:{fraction})?)?|\.(?:{fraction}))", f"try_cast({t} as {landed_type(column)})")


def _by_format(column: Column, t: str) -> str:
    pattern = translate_pattern(column.format)
    parsed = f"try_strptime({t}, {quote(pattern.strptime)})"
    return _guard(t, pattern.regex, f"{parsed} at time zone 'UTC'" if pattern.has_offset else parsed)


def _read_timestamp(column: Column, text: str, t: str) -> Cell:
    offset = _guard(t, rf"{_ISO_TIME}{_OFFSET}", f"try_cast(upper({t}) as timestamptz) at time zone 'UTC'")
    if column.format and translate_pattern(column.format).has_offset:
        return Cell(column, text, f"coalesce({_by_format(column, t)}, {offset})")
    if column.has_offset:
        return Cell(column, text, offset)
    iso = _guard(t, _ISO_TIME, f"try_cast({t} as timestamp)")
    clock = f"coalesce({_by_format(column, t)}, {iso})" if column.format else iso
    if not column.default_timezone:
        return Cell(column, text, f"coalesce({clock}, {offset})")
    local, zone = name(f"l_{column.position}"), quote(column.default_timezone)
    return Cell(column, text, f"coalesce(({local} at time zone {zone}) at time zone 'UTC', {offset})", local=clock)
