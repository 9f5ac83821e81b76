"""One part from raw text to typed rows, in one pass of SQL; and its two Parquet files.

Put here: table `staged`, its counts, the landed and the quarantined rows.
Keep out: what is a value (cells.py), what is a rule (rules.py), when a part is current (land.py, manifest.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from pipelines.ingest.cells import landed_type, name, quote, read_cell
from pipelines.ingest.raw import Raw
from pipelines.ingest.rules import Flag, holds, make_flags
from quality.contract import Contract, Rule

TECHNICAL = {
    "_record_key": "varchar",
    "_row": "bigint",
    "_batch_id": "varchar",
    "_arrived_on": "date",
    "_part_seq": "bigint",
    "_landed_at": "timestamp",
}
QUARANTINE = {
    "dataset": "varchar",
    "batch_id": "varchar",
    "source_uri": "varchar",
    "arrived_on": "date",
    "row_no": "bigint",
    "record_key": "varchar",
    "kind": "varchar",
    "column_name": "varchar",
    "rule_id": "varchar",
    "raw": "varchar",
    "quarantined_at": "timestamp",
}


@dataclass(frozen=True)
class Staged:
    """Counts of a staged part, and what its batch rules say. received = landed + quarantined."""

    received: int
    landed: int
    quarantined: int
    cells: int
    touched: int  # rows quarantined or with a nulled cell
    blocking: tuple[str, ...]  # why the batch must be held; empty: it may land
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class PartFacts:
    """What the technical columns of a part say."""

    dataset: str
    content_hash: str
    source_uri: str
    arrived_on: date
    at: datetime  # UTC, without zone


def stage(
    con: duckdb.DuckDBPyConnection, contract: Contract, raw: Raw, *, latest_arrival: date, error_rate: float
) -> Staged:
    """Type `raw` into table `staged`, apply every rule, and count.

    Args:
        latest_arrival: the day these rows were at the company at the latest; nothing happens two days after it.
        error_rate: percent of rows quarantined or with a nulled cell above which the batch is held.
    """
    cells = tuple(read_cell(c, raw.columns[c.physical_name]) for c in contract.landed)
    flags = make_flags(contract, cells)
    con.execute(_staging_sql(contract, raw, cells, flags).replace("$arrival", quote(latest_arrival)))
    nulled = _nulled(flags)
    failed = ", ".join(["0", *(f"count(*) filter (_f{i})" for i in range(len(flags)))])
    cells_sql = " + ".join(f"({any_flag})::int" for any_flag in nulled.values()) or "0"
    rows, bad, cells_nulled, rows_nulled, rejected, *fails = con.execute(
        f"select count(*), count(*) filter (_bad), coalesce(sum({cells_sql}) filter (not _bad), 0), "
        f"count(*) filter (not _bad and ({cells_sql}) > 0), (select count(*) from rejects), {failed} from staged"
    ).fetchone()
    received, quarantined = rows + rejected, bad + rejected
    touched = quarantined + rows_nulled
    blocking, warnings = [], []
    if received and 100 * touched / received > error_rate:
        blocking.append(
            f"{touched} of {received} rows quarantined or with a nulled cell, {100 * touched / received:.2f} %; "
            f"errorRate allows {error_rate:g} %"
        )
    observed = [(f.rule, n) for f, n in zip(flags, fails[1:], strict=True) if f.rule]
    observed += [(rule, _observe(con, contract, rule, received)) for rule in contract.rules]
    for rule, count in observed:
        share = 100 * count / received if rule.percent and received else count
        if not holds(rule, share):
            text = f"{rule.rule_id}: {share:g}{' %' if rule.percent else ''} seen, {rule.operator} {rule.threshold}"
            (blocking if rule.severity == "error" else warnings).append(text)
        elif rule.severity == "info" and count:
            warnings.append(f"{rule.rule_id}: {count} rows (info)")
    return Staged(received, rows - bad, quarantined, cells_nulled, touched, tuple(blocking), tuple(warnings))


def write_landed(
    con: duckdb.DuckDBPyConnection, contract: Contract, facts: PartFacts, part_seq: int, file: Path
) -> None:
    """Write the good rows of `staged` as one Parquet file (columns: docs/architecture.md, Landing)."""
    columns = ", ".join(name(c.name) for c in contract.landed)
    _copy(
        con,
        f"select {columns}, _record_key, _row, {quote(facts.content_hash)} as _batch_id, "
        f"{quote(facts.arrived_on)}::date as _arrived_on, {part_seq}::bigint as _part_seq, "
        f"{quote(facts.at)}::timestamp as _landed_at from staged where not _bad",
        file,
    )


def write_quarantine(
    con: duckdb.DuckDBPyConnection, contract: Contract, raw: Raw, facts: PartFacts, file: Path
) -> None:
    """Write one row per failed rule: rows (with the raw row), cells (with the raw cell) and lines of `rejects`."""
    cells = tuple(read_cell(c, raw.columns[c.physical_name]) for c in contract.landed)
    flags = make_flags(contract, cells)
    source = {c.name: raw.columns[c.physical_name] for c in contract.landed}
    fails = ", ".join(
        f"case when _f{i} then {{'c': {quote(f.column)}, 'r': {quote(f.rule_id)}, 'x': r.{source[f.column]}}} end"
        for i, f in enumerate(flags)
        if f.effect != "info"
    )
    whole = ", ".join(f"{name(n)} := r.{c}" for n, c in source.items())
    head = (
        f"{quote(facts.dataset)} as dataset, {quote(facts.content_hash)} as batch_id, "
        f"{quote(facts.source_uri)} as source_uri, {quote(facts.arrived_on)}::date as arrived_on"
    )
    at = f"{quote(facts.at)}::timestamp as quarantined_at"
    rows = (
        f"select {head}, _row as row_no, _record_key as record_key, "
        f"case when _bad then 'row' else 'cell' end as kind, e.c as column_name, e.r as rule_id, "
        f"case when _bad then whole else e.x end as raw, {at} from ("
        f"select s._row, s._record_key, s._bad, "
        f"case when s._bad then to_json(struct_pack({whole}))::varchar end as whole, unnest([{fails}]) as e "
        f"from staged s join raw r on r.rowid = s._rid where s._bad or s._nulled) where e is not null"
    )
    lines = f"select {head}, line_no, null::varchar, 'line', null::varchar, 'row.parse', raw, {at} from rejects"
    _copy(
        con, f"{rows} union all {lines} order by row_no, kind, rule_id" if fails else f"{lines} order by line_no", file
    )


def write_empty(con: duckdb.DuckDBPyConnection, types: dict[str, str], file: Path) -> None:
    """Write a Parquet file with these columns and no rows."""
    columns = ", ".join(f"null::{kind} as {name(column)}" for column, kind in types.items())
    _copy(con, f"select {columns} where false", file)


def landed_types(contract: Contract) -> dict[str, str]:
    """Column -> DuckDB type of a landed part, in order."""
    return {**{c.name: landed_type(c) for c in contract.landed}, **TECHNICAL}


def _copy(con: duckdb.DuckDBPyConnection, query: str, file: Path) -> None:
    con.execute(f"copy ({query}) to {quote(file)} (format parquet)")


def _nulled(flags: list[Flag]) -> dict[str, str]:
    """Column -> SQL: some rule made its cell null."""
    by_column: dict[str, list[str]] = {}
    for i, flag in enumerate(flags):
        if flag.effect == "cell":
            by_column.setdefault(flag.column, []).append(f"_f{i}")
    return {column: " or ".join(found) for column, found in by_column.items()}


def _staging_sql(contract: Contract, raw: Raw, cells: tuple, flags: list[Flag]) -> str:
    """raw -> text -> clock (local times) -> typed -> checked -> clean -> staged; one projection a step."""
    texts = [f"{cell.text} as {name(f't_{cell.column.position}')}" for cell in cells]
    clocks = [f", {cell.local} as {name(f'l_{cell.column.position}')}" for cell in cells if cell.local]
    values = [f", {cell.value} as {name(f'v_{cell.column.position}')}" for cell in cells]
    first = {i: f for i, f in enumerate(flags) if f.on == "text"}
    later = {i: f for i, f in enumerate(flags) if f.on == "clean"}
    checks = [f", coalesce({f.fails}, false) as _f{i}" for i, f in first.items()]
    nulled = _nulled(flags)
    clean = []
    for cell in cells:
        value, fails = name(f"v_{cell.column.position}"), nulled.get(cell.column.name)
        clean.append(
            f"{f'case when {fails} then null else {value} end' if fails else value} as {name(cell.column.name)}"
        )
    carried = ["_rid", "_row", "_key", *(f"_f{i}" for i in first)]
    bad = " or ".join(f"_f{i}" for i, f in enumerate(flags) if f.effect == "row") or "false"
    row_key = "_key" if contract.key else "_key || '#' || row_number() over (partition by _key order by _row)"
    return (
        f"create or replace temp table staged as with texts as (select rowid as _rid, {raw.row} as _row, "
        f"{', '.join(dict.fromkeys(raw.columns.values()))}, {_raw_key(contract, raw)} as _raw_key, "
        f"{', '.join(texts)} from raw), "
        f"clocks as (select *{''.join(clocks)} from texts), "
        f"typed as (select *{''.join(values)} from clocks), "
        f"keyed as (select *, {_typed_key(contract)} as _key from typed), "
        f"checked as (select *{''.join(checks)} from keyed), "
        f"clean as (select {', '.join(carried + clean)} from checked), "
        f"ruled as (select *{''.join(f', coalesce({f.fails}, false) as _f{i}' for i, f in later.items())} from clean) "
        f"select * exclude (_key), {row_key} as _record_key, ({bad}) as _bad, "
        f"({' or '.join(nulled.values()) or 'false'}) as _nulled from ruled"
    )


def _raw_key(contract: Contract, raw: Raw) -> str:
    return "null" if contract.key else f"md5({raw.whole})"


def _typed_key(contract: Contract) -> str:
    if not contract.key:
        return "_raw_key"
    parts = []
    for column in contract.key:
        text, value = name(f"t_{column.position}"), name(f"v_{column.position}")
        parts.append(text if column.logical_type == "string" else f"coalesce({value}::varchar, {text})")
    return "concat_ws('|', " + ", ".join(f"coalesce({p}, '')" for p in parts) + ")"


def _observe(con: duckdb.DuckDBPyConnection, contract: Contract, rule: Rule, received: int) -> float:
    """What a batch rule sees: rows received; rows beyond the first of their key; the number its query returns."""
    if rule.kind == "rowCount":
        return received
    if rule.kind == "duplicateValues":
        listed = rule.arguments.get("properties") or [c.name for c in contract.key]
        columns = ", ".join(name(c) for c in listed)
        return con.execute(f"select count(*) - count(distinct ({columns})) from staged where not _bad").fetchone()[0]
    con.execute("create or replace temp view batch as select * from staged where not _bad")
    return con.execute((rule.query or "select 0").replace("${object}", "batch")).fetchone()[0] or 0
