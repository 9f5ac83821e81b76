"""SQL that authors write in a contract: transformLogic and the predicates of rules.

Put here: what such SQL may contain. Keep out: turning it into dbt models (render_*.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache

from quality.gate_problem import suggest

HELPERS = {"json_param": 2, "json_sum": 2}
COUNT_ROWS = re.compile(r"^\s*select\s+count\(\s*\*\s*\)\s+from\s+\$\{object\}\s+where\s+(.+?)\s*;?\s*$", re.I | re.S)
RANDOM = {
    *("random", "rand", "uuid", "gen_random_uuid", "uuidv4", "uuidv7", "setseed", "nextval", "now", "today"),
    *("current_date", "current_time", "current_timestamp", "localtime", "localtimestamp", "current_user", "getdate"),
    *("get_current_time", "get_current_timestamp", "transaction_timestamp", "clock_timestamp", "any_value", "getenv"),
    *("read_csv", "read_parquet", "read_json", "read_text", "read_blob", "glob"),
}


def check_scalar(sql: str, columns: Collection[str]) -> Iterator[str]:
    """Faults of a scalar expression over one row.

    Args:
        sql: an expression in DuckDB's dialect, without `select`.
        columns: names it may use, besides landed_at.
    """
    from sqlglot import exp

    tree, fault = _parse(f"select {sql}")
    if tree is None:
        yield f"is no SQL expression: {fault}; write one scalar expression"
        return
    if len(tree.expressions) != 1 or tree.args.get("from_") or tree.args.get("where"):
        yield "must be one scalar expression, without a comma at top level, from or where"
    yield from _check_row_by_row(tree, exp)
    yield from _check_columns(tree, columns, exp)


def check_row_rule(query: str, columns: Collection[str]) -> Iterator[str]:
    """Faults of a SQL rule on a column, whose predicate picks the failing rows."""
    match = COUNT_ROWS.match(query)
    if not match:
        yield "must read `select count(*) from ${object} where <predicate>`, so that the predicate picks the rows"
        return
    yield from check_scalar(match[1], columns)


def check_batch_rule(query: str, columns: Collection[str]) -> Iterator[str]:
    """Faults of a SQL rule on the whole dataset: one select, one number."""
    from sqlglot import exp

    if "${object}" not in query:
        yield "reads no ${object}; write `select … from ${object}`, which stands for the landed batch"
        return
    tree, fault = _parse(query.replace("${object}", "landed_batch"))
    if tree is None or not isinstance(tree, exp.Select):
        yield f"is no select: {fault or 'another statement'}; write one select that returns one number"
        return
    if foreign := sorted({t.name for t in tree.find_all(exp.Table)} - {"landed_batch"}):
        yield f"reads {', '.join(foreign)}; a batch rule reads ${{object}} only"
    aliases = {a.alias for a in tree.find_all(exp.Alias)}
    yield from _check_columns(tree, {*columns, *aliases}, exp)


@cache
def _parse(sql: str):
    import sqlglot

    try:
        trees = [t for t in sqlglot.parse(sql, read="duckdb") if t is not None]
    except sqlglot.errors.SqlglotError as fault:
        return None, re.sub(r"\x1b\[\d*m", "", str(fault)).splitlines()[0]
    return (trees[0], None) if len(trees) == 1 else (None, f"{len(trees)} statements")


def _check_row_by_row(tree, exp) -> Iterator[str]:
    inner = next((n for n in tree.find_all(exp.Subquery, exp.Select, exp.Exists) if n is not tree), None)
    if inner is not None:
        yield "holds a subquery; use columns of this row only"
    if tree.find(exp.Window) or (inner is None and any(_spans_rows(n, exp) for n in tree.find_all(exp.AggFunc))):
        yield "aggregates over rows; use columns of this row only"
    for call in tree.find_all(exp.Func):
        names = {n.lower() for n in (*type(call).sql_names(), call.name or "")} if call.key != "anonymous" else set()
        name = call.name.lower() if call.key == "anonymous" else next(iter(sorted(names & RANDOM)), "")
        if name in RANDOM:
            yield f"calls {name}(), which gives another result tomorrow; use landed_at or a column"
        if name in HELPERS and len(call.expressions) != HELPERS[name]:
            yield f"calls {name} with {len(call.expressions)} arguments; it takes {HELPERS[name]}"


def _spans_rows(call, exp) -> bool:
    """Whether an aggregate is used as one: max(a), not a list or string function sqlglot files among them."""
    return isinstance(
        call,
        (exp.Count, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.ArrayAgg, exp.GroupConcat, exp.First, exp.Last, exp.ArgMax),
    )


def _check_columns(tree, columns: Collection[str], exp) -> Iterator[str]:
    bound = {i.name for lam in tree.find_all(exp.Lambda) for i in lam.expressions}
    known = {c.lower() for c in columns} | {"landed_at"} | {b.lower() for b in bound}
    for name in sorted({c.name for c in tree.find_all(exp.Column)}):
        if name.lower() not in known:
            yield f"names the column {name!r}, which is no landed column of this contract{suggest(name, columns)}"
