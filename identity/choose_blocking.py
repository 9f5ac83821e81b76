"""Which blocking rules a model gets: those the company gives, else as selective ones as its data allow.

Put here: counting the pairs of a rule, and the budget. Keep out: rules as keys and pairs (blocking.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import reduce

import numpy as np

from identity.blocking import Rule, without_implied
from identity.comparisons import BLOCKING
from identity.engine import Engine
from identity.evidence import COLUMNS
from identity.model_rules import ModelRules

PAIRS, PAIRS_PER_RECORD = 3_000_000, 5  # candidate pairs a model may ask for: the first, and the second for each record
THREADS = 2  # numpy sorts outside the interpreter's lock
_MIXER = np.uint64(0x9E3779B97F4A7C15)  # odd: no key is lost when columns are mixed


class BlockingError(ValueError):
    """The blocking rules of identity.yml compare too many pairs. The message says which, how many, and what to do."""


def choose_blocking(engine: Engine, known: dict[str, float], records: int, rules: ModelRules) -> tuple[Rule, ...]:
    """The rules given, or else those of BLOCKING whose columns are known, the most selective ones within the budget.

    Args:
        known: column of the evidence -> share of records that say something.
    Raises:
        BlockingError: the rules given exceed the budget.
    """
    budget = rules.candidates or PAIRS + PAIRS_PER_RECORD * records
    if rules.blocking is not None:
        _refuse_too_many(count_pairs(engine, rules.blocking), records, budget)
        return rules.blocking
    usable = [rule for rule in BLOCKING if all(known[c] > 0 for c in COLUMNS if any(c in part for part in rule))]
    pairs = count_pairs(engine, usable)
    chosen, spent = [], 0
    for rule in sorted(usable, key=pairs.__getitem__):
        if pairs[rule] == 0 or (chosen and spent + pairs[rule] > budget):
            continue
        spent += pairs[rule]
        chosen.append(rule)
    return tuple(without_implied([rule for rule in usable if rule in chosen]))


def count_pairs(engine: Engine, rules: Sequence[Rule]) -> dict[Rule, int]:
    """Pairs that agree on each rule, all but exactly: of each part 32 bits of its hash are compared.

    Sorting keys outside the database costs a fifth of grouping by them in it.
    """
    parts = list(dict.fromkeys(part for rule in rules for part in rule))
    hashes = (
        f"case when {part} is null then 0 else hash({part}) >> 32 end::uinteger as of_{n}"
        for n, part in enumerate(parts)
    )
    found = engine.fetch(f"select {', '.join(hashes)} from ir_evidence")
    hashed = {part: found[f"of_{number}"].to_numpy() for number, part in enumerate(parts)}
    with ThreadPoolExecutor(THREADS) as pool:
        counted = pool.map(lambda rule: _count_equal([hashed[part] for part in rule]), rules)
        return dict(zip(rules, counted, strict=True))


def _count_equal(hashed: Sequence[np.ndarray]) -> int:
    """Pairs of rows that are equal in all columns, of those where none is unknown, 0."""
    known = np.logical_and.reduce([column != 0 for column in hashed])
    keys = reduce(lambda key, column: key * _MIXER + column[known], hashed[1:], hashed[0][known].astype(np.uint64))
    keys.sort()
    ends = np.flatnonzero(np.append(keys[1:] != keys[:-1], True)[: len(keys)])
    sizes = np.diff(ends, prepend=-1)
    return int((sizes * (sizes - 1) // 2).sum())


def _refuse_too_many(pairs: dict[Rule, int], records: int, budget: int) -> None:
    total, worst = sum(pairs.values()), max(pairs, key=pairs.__getitem__)
    if total > budget:
        raise BlockingError(
            f"identity.yml: model.blocking: the rules compare {total:,} pairs of {records:,} records, {pairs[worst]:,} "
            f"of them the rule [{', '.join(worst)}]; allowed: {budget:,}; add a column to it, or raise model.candidates"
        )
