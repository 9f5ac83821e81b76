"""Which pairs of records are compared at all.

Put here: blocking rules as keys of records, and the pairs that agree on one.
Keep out: which rules there are (comparisons.py), how a model chooses them (train.py), scores.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from identity.engine import Engine
from identity.model import MatchModel

FEW = 100_000  # records whose pairs are found in one query; of more each join would hold its keys in memory
_PAIRS = pa.schema({"left_id": pa.int32(), "right_id": pa.int32()})  # a table of it would import pandas here
Rule = tuple[str, ...]  # columns of the evidence, or `left(column, n)`, `right(column, n)`


def key_records(engine: Engine, rules: Sequence[Rule], labels: str | None = None) -> None:
    """Write `ir_keys`: unique_id, label, one key per rule, null where a part is unknown; and both orders of the names.

    Keys are hashes: of two that are equal the values are, as sure as 64 bits are. Reads `ir_evidence`.

    Args:
        labels: relation of (node_id, label), the clusters so far; None: each record is one of its own.
    """
    keys = "".join(f", {block_key(rule)} as key_{number}" for number, rule in enumerate(rules))
    label, joined = ("c.label", f"join {labels} c on c.node_id = unique_id") if labels else ("unique_id", "")
    engine.store(
        "ir_keys",
        f"select unique_id, {label} as label{keys}, {block_key(('first_name', 'last_name'))} as straight, "
        f"{block_key(('last_name', 'first_name'))} as crossed from ir_evidence {joined}",
    )


def block_key(rule: Rule, number: int | None = None) -> str:
    """SQL for the key of a row of the evidence; with a number, of this rule alone."""
    known, parts = " and ".join(f"{part} is not null" for part in rule), ", ".join(rule)
    return f"case when {known} then hash({parts if number is None else f'{number}, {parts}'}) end"


def blocking_rules(model: MatchModel) -> list[tuple[str, str]]:
    """(rule in words, SQL that is true where the rows l and r of `ir_keys` meet it), in the order of the model."""
    words = [" and ".join(rule) for rule in model.blocking]
    return list(zip([*words, "first and last name swapped"], _conditions(len(words), swapped=True), strict=True))


def pair_up(
    engine: Engine,
    target: str,
    rules: Sequence[Rule],
    labels: str | None = None,
    swapped: bool = False,
    one_in: int = 1,
    is_worth: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
) -> None:
    """Write `target` (left_id, right_id): pairs of records of two clusters that agree on a rule, each once.

    Args:
        labels: as for `key_records`.
        swapped: also where the first name of one is the last name of the other, and the other way round.
        one_in: only the pairs whose first record is one drawn in so many.
        is_worth: says of pairs (left_id, right_id) which to keep; None: all of them. Called from another thread.
    """
    key_records(engine, rules, labels)
    found = [_met_under(condition, one_in) for condition in _conditions(len(rules), swapped)]
    if engine.count("ir_keys") <= FEW:
        found = [" union all ".join(found)]
    with ThreadPoolExecutor(1) as pool:  # looks at the pairs of one rule while the database finds those of the next
        met = [pool.submit(_keep, engine.fetch(query), is_worth) for query in found]
    pairs = [_PAIRS.empty_table(), *(kept.result() for kept in met)]
    engine.register("ir_agreeing", pa.concat_tables(pairs))
    engine.store(target, "select distinct left_id, right_id from ir_agreeing")
    engine.drop("ir_keys", "ir_agreeing")


def blocks_of(records: str, record: str, model: MatchModel, swapped: bool = False) -> str:
    """Query of (record, block), one row per record and rule it could meet: two that meet one have a block in common.

    Of a block half the bits are kept: a pair that has one in common by chance is weighed, and found to be nothing.

    Args:
        records: relation with the columns of evidence; `record` is its key.
        swapped: of those who meet records whose first and last name have changed places.
    """
    names = ("first_name", "last_name")
    rules = [*enumerate(model.blocking), (-1, names[::-1] if swapped else names)]
    keys = ", ".join(block_key(rule, number) for number, rule in rules)
    return (
        f"select {record}, cast(block >> 32 as uinteger) as block "
        f"from (select {record}, unnest([{keys}]) as block from {records}) where block is not null"
    )


def without_implied(rules: Sequence[Rule]) -> list[Rule]:
    """The rules, less those whose pairs another one finds too, since it asks for less."""
    kept: list[Rule] = []
    for rule in sorted(rules, key=lambda r: (len(r), rules.index(r))):
        if not any(_asks_less(other, rule) for other in kept):
            kept = [other for other in kept if not _asks_less(rule, other)] + [rule]
    return [rule for rule in rules if rule in kept]


def _met_under(condition: str, one_in: int) -> str:
    drawn = f"and hash(l.unique_id) % {one_in} = 0" if one_in > 1 else ""
    return (
        "select l.unique_id as left_id, r.unique_id as right_id from ir_keys l "
        f"join ir_keys r on {condition} and l.unique_id < r.unique_id and l.label <> r.label {drawn}"
    )


def _keep(found: pa.Table, is_worth: Callable[[np.ndarray, np.ndarray], np.ndarray] | None) -> pa.Table:
    if is_worth is None:
        return found
    return found.filter(pa.array(is_worth(found["left_id"].to_numpy(), found["right_id"].to_numpy())))


def _conditions(rules: int, swapped: bool) -> list[str]:
    return [
        *(f"l.key_{number} = r.key_{number}" for number in range(rules)),
        *(["l.straight = r.crossed"] if swapped else []),
    ]


def _asks_less(rule: Rule, other: Rule) -> bool:
    """Whoever agrees on all parts of `other` agrees on all of `rule`."""
    return all(any(_settles(known, part) for known in other) for part in rule)


def _settles(known: str, part: str) -> bool:
    """Two that agree on `known` agree on `part`."""
    if known == part:
        return True
    cut = re.fullmatch(r"(left|right)\((\w+), (\d+)\)", part)
    if not cut:
        return False
    side, column, length = cut.groups()
    longer = re.fullmatch(rf"{side}\({column}, (\d+)\)", known)
    return known == column or bool(longer and int(longer[1]) >= int(length))
