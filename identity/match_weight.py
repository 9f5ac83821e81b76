"""The weight of a pair: what Splink counts, as one expression over its two records.

Put here: that expression. Keep out: which pairs are scored (score.py), telling a pair's weights apart (weigh.py).

Source: Fellegi and Sunter 1969, with the term frequency adjustment of Splink 5; a test compares both. Splink itself
writes every level of every comparison down for every candidate; this adds the weights up at once, looks at a place
before it looks at the names (`Kind.narrowed`), and needs no start-up of half a second for a thousand pairs.
"""

from __future__ import annotations

from math import inf, log2

from identity.comparisons import Kind, kinds_of, level_of
from identity.model import MatchModel


def weight_of(model: MatchModel) -> str:
    """SQL for the match weight, log2 of the odds, of a row with the columns <name>_l and <name>_r.

    Each weight is told by its comparison at once: a level in between would be found again for every weight it has.
    """
    of_kinds = (level_of(kind, _weights(kind, model), 0.0) for kind in kinds_of(model.m))
    return " + ".join([repr(weight_at(model.prior)), *of_kinds])


def weight_at(probability: float) -> float:
    """The match weight of a match probability."""
    return log2(probability / (1 - probability)) if probability > 0 else -inf


def compared_columns(model: MatchModel) -> list[str]:
    """Columns of `ir_comparable` the weight looks at."""
    kinds = kinds_of(model.m)
    return sorted({c for kind in kinds for c in kind.columns} | {f"tf_{c}" for c in model.frequency_columns})


def _weights(kind: Kind, model: MatchModel) -> list[str]:
    """SQL for the weight of each level; where rarity counts, with the share of the value of the two."""
    rare = dict(kind.frequency)
    weights = []
    for place, (m, u) in enumerate(zip(model.m[kind.name], model.u[kind.name], strict=True)):
        weight = repr(log2(m / u))
        if place < len(kind.levels) and (column := rare.get(kind.levels[place][0])):
            left, right = f"tf_{column}_l", f"tf_{column}_r"
            share = f"greatest(coalesce({left}, {right}), coalesce({right}, {left}))"
            weight += f" + coalesce({log2(u)!r} - log2({share}), 0)"
        weights.append(weight)
    return weights
