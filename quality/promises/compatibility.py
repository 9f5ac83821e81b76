"""What a change of an output contract does to those who read the table: breaking, additive, or nothing.

Put here: comparing one version of a promise with the next. Keep out: who reads what (consumers.py), which changes are
allowed (change_control.py), faults of one contract (gate_output.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from quality.definitions import ALLOWED, Definitions, Term
from quality.gate_dataset import unit_seconds
from quality.promises.output_contract import OutputColumn, OutputContract

BREAKING, ADDITIVE, WORDING = "breaking", "additive", "wording"
STRICTNESS = ALLOWED["classification"]
GONE = Term(term="", meaning="", type="", owner="", linkable=False)


@dataclass(frozen=True)
class Change:
    """One change of one table. `column` None: it concerns every reader of the table."""

    table: str
    column: str | None
    kind: str  # column_removed, type_changed …
    level: str  # breaking | additive | wording
    said: str

    def __str__(self) -> str:
        return f"{self.table}{f'.{self.column}' if self.column else ''}: {self.said}"


def compare(before: OutputContract, after: OutputContract, meant: Definitions, means: Definitions) -> list[Change]:
    """Every change from one promise to the next.

    Args:
        meant, means: the definitions each was written under; a unit, a mask or a closed set is theirs.
    """
    return [*_of_table(before, after), *_of_columns(before, after, meant, means)]


def _of_table(before: OutputContract, after: OutputContract) -> Iterator[Change]:
    def change(kind: str, level: str, said: str) -> Change:
        return Change(before.table, None, kind, level, said)

    if before.schema != after.schema:
        yield change("schema_changed", BREAKING, f"moved from schema {before.schema} to {after.schema}")
    if before.key != after.key or set(before.distinct) != set(after.distinct):
        was, now = ("; ".join(", ".join(k) for k in (c.key, *c.distinct) if k) for c in (before, after))
        yield change("key_changed", BREAKING, f"a row was named by {was}, and now by {now}")
    elif before.grain != after.grain:
        yield change("grain_changed", BREAKING, f"said {before.grain!r}, and now {after.grain!r}")
    promises = {p.name: p for p in after.promises}
    for promise in before.promises:
        now = promises.pop(promise.name, None)
        if now is None:
            yield change("promise_dropped", BREAKING, f"no longer promises {promise.name}")
        elif (now.test, now.arguments) != (promise.test, promise.arguments):
            yield change("promise_changed", BREAKING, f"promises something else by {promise.name}")
        elif (promise.severity, now.severity) == ("error", "warning"):
            yield change("promise_weakened", BREAKING, f"only warns where {promise.name} does not hold")
    for name in promises:
        yield change("promise_added", ADDITIVE, f"promises {name}")
    yield from _of_service(before, after)
    if before.purpose != after.purpose:
        yield change("description_changed", WORDING, "is described otherwise")


def _of_service(before: OutputContract, after: OutputContract) -> Iterator[Change]:
    """Slower or shorter is breaking, quicker or longer additive."""
    for level, shorter_is_worse in (("frequency", False), ("freshness", False), ("retention", True)):
        was, now = _seconds(before, level), _seconds(after, level)
        if was == now:
            continue
        worse = now is None or (was is not None and (now < was) == shorter_is_worse)
        yield Change(
            before.table,
            None,
            f"{level}_{'weakened' if worse else 'improved'}",
            BREAKING if worse else ADDITIVE,
            f"{level} was {_say(before, level)}, and now {_say(after, level)}",
        )


def _of_columns(
    before: OutputContract, after: OutputContract, meant: Definitions, means: Definitions
) -> Iterator[Change]:
    now = {c.name: c for c in after.columns}
    was = {c.name for c in before.columns}
    new = [c for c in after.columns if c.name not in was]
    for column in before.columns:
        if column.name in now:
            yield from _of_column(before.table, column, now[column.name], meant, means)
            continue
        renamed = [c.name for c in new if c.term == column.term and c.type == column.type]
        said = f"renamed to {renamed[0]}" if len(renamed) == 1 else "removed"
        kind = "column_renamed" if len(renamed) == 1 else "column_removed"
        yield Change(before.table, column.name, kind, BREAKING, said)
    for column in new:
        yield Change(before.table, column.name, "column_added", ADDITIVE, f"added, {column.type}")


def _of_column(
    table: str, before: OutputColumn, after: OutputColumn, meant: Definitions, means: Definitions
) -> Iterator[Change]:
    def change(kind: str, level: str, said: str) -> Change:
        return Change(table, before.name, kind, level, said)

    if before.type != after.type:
        yield change("type_changed", BREAKING, f"was {before.type}, and now {after.type}")
    if before.required and not after.required:
        yield change("null_allowed", BREAKING, "may be null now")
    elif after.required and not before.required:
        yield change("null_refused", ADDITIVE, "is never null now")
    yield from _of_meaning(change, before, after, meant, means)
    was, now = (STRICTNESS.index(c.classification or "restricted") for c in (before, after))
    if was != now:
        level = BREAKING if now > was else ADDITIVE
        yield change("classification_changed", level, f"was {STRICTNESS[was]}, and now {STRICTNESS[now]}")
    for reference in set(before.references) - set(after.references):
        yield change("reference_dropped", BREAKING, f"is no longer found in {reference}")
    for reference in set(after.references) - set(before.references):
        yield change("reference_added", ADDITIVE, f"is always found in {reference}")
    if before.description != after.description:
        yield change("description_changed", WORDING, "is described otherwise")


def _of_meaning(change, before: OutputColumn, after: OutputColumn, meant: Definitions, means: Definitions):
    was, now = meant.terms.get(before.term or "", GONE), means.terms.get(after.term or "", GONE)
    if before.term != after.term:
        yield change("meaning_changed", BREAKING, f"meant {before.term}, and now {after.term}")
    if was.unit != now.unit:
        yield change("unit_changed", BREAKING, f"was in {was.unit}, and now in {now.unit}")
    if was.masking != now.masking:
        yield change("masking_changed", BREAKING, f"was masked by {was.masking}, and now by {now.masking}")
    if was.values and (new := sorted(set(now.values) - set(was.values)) or not now.values):
        said = f"may say {', '.join(new)} now" if now.values else "may say anything now"
        yield change("values_widened", BREAKING, said)
    elif set(was.values) != set(now.values):
        yield change("values_narrowed", ADDITIVE, f"says one of {', '.join(now.values)} only")
    if before.term == after.term and was.meaning != now.meaning:
        yield change("description_changed", WORDING, f"{before.term} is described otherwise")


def _seconds(contract: OutputContract, level: str) -> float | None:
    promised = contract.service_levels.get(level)
    return float(promised["value"]) * (unit_seconds(promised["unit"]) or 0) if promised else None


def _say(contract: OutputContract, level: str) -> str:
    promised = contract.service_levels.get(level)
    return f"{promised['value']:g} {promised['unit']}" if promised else "not promised"
