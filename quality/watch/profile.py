"""Profiles of landed parts: counts and histograms, enough to judge a day against the days before it.

A part never changes, so it is profiled once, and its profile is kept. Counts add up over the parts of a
day. Histograms hold hashes, shapes, magnitudes and hours of a sample of rows; no value of a customer is kept.

Put here: what is measured of a part, and keeping it. Keep out: whether it is usual (judge.py), Dagster.
Source: bins of magnitude after DDSketch (Masson, Rim and Lee 2019): fixed, so that parts can be added.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import duckdb

from quality.company import Company
from quality.contract import Column, Contract
from quality.definitions import load_definitions
from quality.render_base import column_type
from quality.render_sql import literal, quote

SAMPLE = 2_500  # rows of a part that histograms look at; counts look at all
SEEN = 2_000  # about as many rows of a part are remembered by hash
FEW = 10  # the median of fewer would tell a value
MOST_VALUES = 64  # a column with more distinct values in a part is no list of values
NAMES = ("identifier.", "person.record_id", "interaction.key", "survey.comment")  # of somebody or something: no list
EVENTS = ("interaction.occurred_at", "order.ordered_at", "case.opened_at", "survey.responded_at", "consent.at")
HISTOGRAMS = ("value", "shape", "length", "magnitude", "hour", "lag", "age")
COUNTS = {"filled": "count", "distinct": "approx_count_distinct"}  # of all rows
SAMPLED = {"median": "approx_quantile({}, 0.5)"}  # of the sample; what is not here is a histogram


def update_profiles(connection: duckdb.DuckDBPyConnection, company: Company, landing: Path) -> int:
    """Profile every current part that has no profile yet, and forget parts that are no longer current.

    Args:
        connection: the warehouse, with `control.parts` as of now.
        landing: `<home>/landing`.
    Returns:
        The number of parts profiled.
    """
    _ensure_tables(connection)
    for table in ("profiles", "seen_rows"):
        connection.execute(
            f"delete from control.{table} where batch_id not in "
            "(select content_hash from control.parts where state = 'current')"
        )
    return sum(_profile_dataset(connection, contract, company, landing) for contract in company.contracts)


def _ensure_tables(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create schema if not exists control")
    connection.execute(
        "create table if not exists control.profiles (dataset varchar, batch_id varchar, arrived_on date, "
        "recipe varchar, column_name varchar, measure varchar, bin bigint, n double)"
    )
    connection.execute(
        "create table if not exists control.seen_rows (dataset varchar, batch_id varchar, arrived_on date, "
        "one_of bigint, key_hash ubigint, row_hash ubigint)"
    )


def _profile_dataset(connection: duckdb.DuckDBPyConnection, contract: Contract, company: Company, landing: Path) -> int:
    measured = list(list_measures(contract, company))
    recipe = hashlib.md5(repr([SAMPLE, SEEN, measured]).encode()).hexdigest()
    wanted = "dataset = ? and state = 'current'"
    parts = connection.execute(
        f"select content_hash, arrived_on from control.parts where {wanted} and landed > 0 and content_hash not in "
        "(select batch_id from control.profiles where dataset = ? and recipe = ?)",
        [contract.dataset, contract.dataset, recipe],
    ).fetchall()
    folder = landing / contract.dataset
    files = [str(folder / f"arrived={day}" / f"{batch}.parquet") for batch, day in parts]
    if not files:
        return 0
    connection.execute("begin")
    for table in ("profiles", "seen_rows"):
        stale = f"delete from control.{table} where batch_id in (select unnest(?))"
        connection.execute(stale, [[batch for batch, _ in parts]])
    rows = _rows(contract, [str(folder / "schema.parquet"), *files])
    connection.execute(f"create or replace temp table profiled as {_scan(measured, rows)}")
    connection.execute(f"insert into control.profiles {_entries(contract.dataset, recipe, measured)}")
    if contract.load_mode == "append":
        connection.execute(
            f"insert into control.seen_rows select {literal(contract.dataset)}, batch_id, arrived_on, one_of, "
            "unnest(seen, recursive := true) from profiled"
        )
    connection.execute("commit")
    connection.execute("drop table profiled")
    return len(files)


def _rows(contract: Contract, files: list[str]) -> str:
    """The landed rows, typed by the contract as it is now; `picked`: in the sample; `kept`: remembered by hash.

    The engine's own hash is quick; a release that changes it forgets what was seen, and raises no alarm."""
    typed = ", ".join(f"try_cast(r.{quote(c.name)} as {column_type(c)}) as {quote(c.name)}" for c in contract.landed)
    key = "r._record_key" if contract.key else "split_part(r._record_key, '#', 1)"
    listed = ", ".join(literal(f) for f in files)
    return f"""select *, _key_hash % _one_of = 0 as kept from (
        select {typed}, p.content_hash as _batch, p.arrived_on as _day, p.one_of as _one_of, {key} as _key,
            (r._row * 2654435761) % 4294967296 < 4294967296.0 * {SAMPLE} / greatest(p.received, 1) as picked,
            hash(r._record_key) as _key_hash
        from read_parquet([{listed}], union_by_name = true, hive_partitioning = false) as r
        inner join (
            select content_hash, part_seq, arrived_on, received,
                pow(2, greatest(0, ceil(log2(greatest(landed, 1) / {SEEN}))))::bigint as one_of
            from control.parts where dataset = {literal(contract.dataset)} and state = 'current'
        ) as p on p.part_seq = r._part_seq)"""


def list_measures(contract: Contract, company: Company) -> Iterable[tuple[str, str, str]]:
    """(column, measure, SQL over a landed row); the SQL of a histogram gives the bin of a row."""
    for column in contract.landed:
        yield column.name, "filled", quote(column.name)
        yield column.name, "distinct", quote(column.name)
        for measure, bin_of in _histograms(contract, column, company.timezone):
            yield column.name, measure, bin_of


def _histograms(contract: Contract, column: Column, zone: str) -> Iterable[tuple[str, str]]:
    name = quote(column.name)
    kind = column_type(column)
    is_name = bool(column.key_position or column.namespace) or any(t.startswith(NAMES) for t in column.terms)
    if kind == "varchar":
        is_listed = bool(column.value_mapping or column.enum)
        if is_listed or not (is_name or _is_direct(column)):
            yield "value", f"(md5_number_lower({_meant(column)}) % 65536)::bigint"
        if not is_listed:
            shape = name
            for pattern, letter in (("^0+", "o"), ("[\\p{Ll}]+", "a"), ("[\\p{Lu}]+", "A"), ("[0-9]+", "9")):
                shape = f"regexp_replace({shape}, '{pattern}', '{letter}', 'g')"
            yield "shape", f"(md5_number_lower({shape}) % 64)::bigint"
            yield "length", f"ceil(2 * log2(1 + length({name})))::bigint"
    elif kind == "boolean":
        yield "value", f"{name}::bigint"
    elif kind in ("timestamp", "date"):
        days = f"date_diff('day', {name}::date, _day)"
        is_event = any(t in EVENTS for t in column.terms)
        yield "lag" if is_event else "age", f"(sign({days}) * ceil(log2(1 + abs({days}))))::bigint"
        if kind == "timestamp":
            yield "hour", f"hour(timezone({literal(zone)}, timezone('UTC', {name})))::bigint"
    elif not is_name:
        yield "magnitude", f"(sign({name}) * (64 + ceil(2 * log2(greatest(abs({name}::double), 1e-9)))))::bigint"
        yield "median", f"{name}::double"


def _meant(column: Column) -> str:
    """The value as the contract maps it: a source that renames what is mapped to the same has changed nothing."""
    said = f"lower(trim({quote(column.name)}))"
    mapping = {k.lower(): v for k, v in (column.value_mapping or {}).items() if k != "*"}
    cases = "".join(f" when {literal(k)} then {literal(v or '')}" for k, v in mapping.items())
    return f"case {said}{cases} else {said} end" if cases else said


def _is_direct(column: Column) -> bool:
    terms = load_definitions().terms
    return any(terms[t].pii == "direct" for t in column.terms if t in terms) or any("pii" in t for t in column.tags)


def _scan(measured: list[tuple[str, str, str]], rows: str) -> str:
    """One row per part. The rows are read twice: of all of them, the sample has cost most of the time."""
    whole = ", ".join(quote(column) for column, measure, _ in measured if measure == "filled")
    row_hash = f"case when kept then hash({whole}) end"
    counted = [
        "_batch as batch_id", "_day as arrived_on", "_one_of as one_of",
        "count(distinct hash(_key)) as keys",
        f"list({{'key_hash': _key_hash, 'row_hash': {row_hash}}}) filter (kept) as seen",
    ]  # fmt: skip
    sampled = ["_batch as batch_id"]
    for place, (_, measure, sql) in enumerate(measured):
        if measure in COUNTS:
            counted.append(f"{COUNTS[measure]}({sql}) as m{place}")
        else:
            sampled.append(f"{SAMPLED.get(measure, 'histogram({})').format(sql)} as m{place}")
    return f"""
        with counted as (select {", ".join(counted)} from ({rows}) group by all),
        sampled as (select {", ".join(sampled)} from ({rows}) where picked group by all)
        select counted.*, sampled.* exclude (batch_id) from counted left join sampled using (batch_id)
    """


def _entries(dataset: str, recipe: str, measured: list[tuple[str, str, str]]) -> str:
    head = f"{literal(dataset)} as dataset, batch_id, arrived_on, {literal(recipe)} as recipe"
    selects = [
        f"select {head}, null as column_name, 'keys' as measure, null::bigint as bin, keys::double as n from profiled"
    ]
    filled = {column: place for place, (column, measure, _) in enumerate(measured) if measure == "filled"}
    for place, (column, measure, _) in enumerate(measured):
        here = f"{head}, {literal(column)}, '{measure}'"
        if measure not in HISTOGRAMS:
            enough = f" and m{filled[column]} >= {FEW}" if measure in SAMPLED else ""
            selects.append(f"select {here}, null, m{place}::double from profiled where m{place} is not null{enough}")
            continue
        short = f" where cardinality(m{place}) <= {MOST_VALUES}" if measure == "value" else ""
        selects.append(
            f"select {here}, e.key, e.value::double from "
            f"(select *, unnest(map_entries(m{place})) as e from profiled{short})"
        )
    return " union all ".join(selects)
