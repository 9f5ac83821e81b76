"""Rules of a contract as SQL flags on rows and cells.

Put here: which rule fails on which value, and what a failure does (contract-conventions.md section 6).
Keep out: typing (cells.py), writing quarantine (stage.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.ingest.cells import Cell, name, quote
from pipelines.ingest.errors import LandingError
from quality.contract import Column, Contract, Rule

_COUNT = re.compile(
    r"\s*select\s+count\(\s*\*\s*\)\s+from\s+\$\{object\}\s+where\s+(?P<predicate>.+?);?\s*", re.I | re.S
)


@dataclass(frozen=True)
class Flag:
    """One rule on one column. `fails` is true for the rows it fails on.

    effect: row (quarantined), cell (null, kept in quarantine), info (counted).
    on: text (typed cells, before failed ones become null) or clean (after).
    """

    rule_id: str
    column: str
    effect: str
    on: str
    fails: str
    rule: Rule | None = None


def make_flags(contract: Contract, cells: tuple[Cell, ...]) -> list[Flag]:
    """Every rule of the landed columns, in contract order.

    Raises:
        LandingError: a SQL rule that does not pick rows.
    """
    flags: list[Flag] = []
    for cell in cells:
        flags += _schema_flags(cell, "_key" if contract.key else "_row")
        flags += [_quality_flag(contract, cell.column, r) for r in cell.column.rules if r.kind != "missingValues"]
        if "interaction.occurred_at" in cell.column.terms and cell.column.logical_type in ("date", "timestamp"):
            late = f"{name(cell.column.name)}::date > $arrival::date + 1"
            flags.append(Flag(f"{cell.column.name}.after_arrival", cell.column.name, "row", "clean", late))
    return flags


def holds(rule: Rule, observed: float) -> bool:
    """Whether an observed count or share satisfies the operator of a rule."""
    limit = rule.threshold
    compare = {
        "mustBe": lambda: observed == limit,
        "mustNotBe": lambda: observed != limit,
        "mustBeGreaterThan": lambda: observed > limit,
        "mustBeGreaterOrEqualTo": lambda: observed >= limit,
        "mustBeLessThan": lambda: observed < limit,
        "mustBeLessOrEqualTo": lambda: observed <= limit,
        "mustBeBetween": lambda: limit[0] <= observed <= limit[1],
        "mustNotBeBetween": lambda: not limit[0] <= observed <= limit[1],
    }
    return rule.operator not in compare or compare[rule.operator]()


def _schema_flags(cell: Cell, row: str) -> list[Flag]:
    c, value = cell.column, name(f"v_{cell.column.position}")
    text, local = name(f"t_{c.position}"), name(f"l_{c.position}")
    effect = "row" if c.is_guarded else "cell"
    found = [("required", f"{text} is null")] if c.is_guarded else []
    wrong = f"{text} is not null and {value} is null"
    if c.logical_type != "string":
        found.append(("type", wrong))
    if cell.local:
        # DuckDB moves a clock time inside the spring gap by an hour; it does not come back as it went.
        back = f"({value} at time zone 'UTC') at time zone {quote(c.default_timezone)}"
        found.append(("zone_gap", f"{local} is not null and {back} <> {local}"))
    if c.pattern:
        found.append(("pattern", f"not regexp_matches({text}, {quote(c.pattern)})"))
    for bound, sign in (("minimum", "<"), ("maximum", ">")):
        limit = getattr(c, bound)
        if limit is not None:
            literal = str(limit) if isinstance(limit, int | float) else f"{c.logical_type} {quote(limit)}"
            found.append((bound, f"{value} {sign} {literal}"))
    if c.enum:
        found.append(("enum", _not_one_of(c, c.enum, value, text)))
    if c.unique:
        # Whoever of a part has a value first keeps it; a later version of the same key is no second owner.
        owner = f"first_value({row}) over (partition by {value} order by _row)"
        found.append(("unique", f"{value} is not null and {row} <> {owner}"))
    return [Flag(f"{c.name}.{rule}", c.name, effect, "text", fails) for rule, fails in found]


def _quality_flag(contract: Contract, column: Column, rule: Rule) -> Flag:
    value, effect = name(column.name), "info" if rule.severity == "info" else "row"
    if rule.kind == "nullValues":
        fails = f"{value} is null"
    elif rule.kind == "invalidValues":
        text, checks = f"trim(cast({value} as varchar))", []
        if "validValues" in rule.arguments:
            checks.append(_not_one_of(column, tuple(map(str, rule.arguments["validValues"])), value, text))
        if "pattern" in rule.arguments:
            checks.append(f"not regexp_matches({text}, {quote(rule.arguments['pattern'])})")
        fails = " or ".join(f"({check})" for check in checks) or "false"
    elif rule.kind == "sql" and (match := _COUNT.fullmatch(rule.query or "")):
        fails = match["predicate"].replace("${property}", value).replace("${column}", value)
    else:
        raise LandingError(
            f"{contract.file}: rule {rule.rule_id!r} ({rule.kind}) picks no rows; allowed on a column: invalidValues, "
            "nullValues, missingValues and `select count(*) from ${object} where <predicate>`; rewrite it"
        )
    return Flag(rule.rule_id, column.name, effect, "clean", fails, rule)


def _not_one_of(column: Column, allowed: tuple[str, ...], value: str, text: str) -> str:
    if column.logical_type in ("integer", "number"):
        return f"{value} not in ({', '.join(f'try_cast({quote(a)} as double)' for a in allowed)})"
    return f"{text} not in ({', '.join(quote(a.strip()) for a in allowed)})"
