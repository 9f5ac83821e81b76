"""Expectation maximisation: how often matches agree, out of pairs nobody has labelled.

Put here: pairs counted by how they agree, and the arithmetic on these counts.
Keep out: which pairs (train.py), what is compared (comparisons.py).

Source: Fellegi and Sunter 1969; Winkler 1988. Splink 5 does the same; here one count of the pairs serves every round.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from identity.comparisons import UNKNOWN, Kind, level_of
from identity.engine import Engine
from identity.levels import tell_once

ITERATIONS = 8  # a level nobody reaches would otherwise sink below what a float can hold
CONVERGED = 0.0001
Levels = tuple[float | None, ...]  # by level, "different" last; None where no pair showed it


@dataclass(frozen=True)
class Patterns:
    """Pairs by the level of each comparison: 0 the strongest, UNKNOWN where one of the two says nothing.

    levels[kind][i] is the level of the i-th pattern, pairs[i] how many pairs have it.
    """

    kinds: tuple[Kind, ...]
    levels: Mapping[str, np.ndarray]
    pairs: np.ndarray

    def shares(self, weights: np.ndarray | None = None) -> dict[str, Levels]:
        """Of the pairs that a comparison can tell anything of, the share at each level."""
        return {kind.name: self._share(kind, self.pairs if weights is None else weights) for kind in self.kinds}

    def _share(self, kind: Kind, weights: np.ndarray) -> Levels:
        level = self.levels[kind.name]
        known = level != UNKNOWN
        sums = np.bincount(level[known], weights[known], len(kind.levels) + 1)
        met = np.bincount(level[known], self.pairs[known], len(kind.levels) + 1)
        whole = sums.sum()
        return tuple(float(s / whole) if n and whole else None for s, n in zip(sums, met, strict=True))


def count_patterns(engine: Engine, kinds: Sequence[Kind], pairs: str, records: str = "ir_evidence") -> Patterns:
    """Compare the pairs of a relation (left_id, right_id) of records of `ir_evidence`, or of a part of it."""
    columns = sorted({column for kind in kinds for column in kind.columns})
    sides = ", ".join(f"{side}.{c} as {c}_{side}" for side in "lr" for c in columns)
    levels, told = tell_once(", ".join(f"{level_of(kind)} as {kind.name}" for kind in kinds))
    found = engine.fetch(
        f"""
        select {levels}, count(*) as pairs
        from (
            select *{told} from (
                select {sides} from {pairs} p
                join {records} l on l.unique_id = p.left_id join {records} r on r.unique_id = p.right_id
            )
        )
        group by all order by all
        """
    )
    return Patterns(
        tuple(kinds),
        {kind.name: found[kind.name].to_numpy().astype(np.int64) for kind in kinds},
        found["pairs"].to_numpy().astype(np.float64),
    )


def maximise(
    patterns: Patterns, m: Mapping[str, Sequence[float]], u: Mapping[str, Sequence[float]], prior: float
) -> dict[str, Levels]:
    """The share of matches at each level.

    Args:
        m, u: of each comparison, by level; m to begin with, u as it is.
        prior: share of matches among the pairs, to begin with.
    """
    m = dict(m)
    found: dict[str, Levels] = {}
    for _ in range(ITERATIONS):
        odds = np.full(len(patterns.pairs), np.log(prior / (1 - prior)))
        for kind in patterns.kinds:
            weights = np.log(np.maximum(m[kind.name], 1e-300)) - np.log(u[kind.name])
            odds += np.append(weights, 0.0)[patterns.levels[kind.name]]  # UNKNOWN is the last one, which says nothing
        matches = patterns.pairs / (1 + np.exp(-odds))
        prior = min(max(float(matches.sum() / patterns.pairs.sum()), 1e-12), 1 - 1e-12)
        found = patterns.shares(matches)
        after = {name: tuple(s or 0.0 for s in shares) for name, shares in found.items()}
        moved = max(abs(a - b) for name in after for a, b in zip(after[name], m[name], strict=True))
        m.update(after)
        if moved < CONVERGED:
            break
    return found
