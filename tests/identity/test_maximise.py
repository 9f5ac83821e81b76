"""Expectation maximisation finds how often matches agree, without being told which pairs they are."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from identity.comparisons import KINDS
from identity.maximise import UNKNOWN, Patterns, maximise

KINDS_OF_THREE = tuple(kind for kind in KINDS if kind.name in ("middle_initial", "gender", "phone"))
M = {"middle_initial": (0.9, 0.1), "gender": (0.97, 0.03), "phone": (0.7, 0.1, 0.2)}
U = {"middle_initial": (0.05, 0.95), "gender": (0.5, 0.5), "phone": (0.001, 0.004, 0.995)}


def _patterns(prior: float) -> Patterns:
    """A million pairs, as many of each pattern as M, U and the prior say."""
    names = [kind.name for kind in KINDS_OF_THREE]
    levels = list(product(*(range(len(M[name])) for name in names)))
    shares = [
        prior * np.prod([M[n][at] for n, at in zip(names, of, strict=True)])
        + (1 - prior) * np.prod([U[n][at] for n, at in zip(names, of, strict=True)])
        for of in levels
    ]
    return Patterns(
        KINDS_OF_THREE,
        {name: np.array([of[i] for of in levels]) for i, name in enumerate(names)},
        1_000_000 * np.array(shares),
    )


def test_what_made_the_pairs_is_what_is_found():
    start = {kind.name: kind.expected for kind in KINDS_OF_THREE}
    found = maximise(_patterns(0.3), start, U, prior=0.1)
    for name, shares in found.items():
        assert shares == pytest.approx(M[name], abs=0.02)


def test_a_level_no_pair_shows_is_not_guessed_and_a_pair_that_says_nothing_counts_for_nothing():
    kind = next(kind for kind in KINDS if kind.name == "gender")
    silent = Patterns((kind,), {"gender": np.array([0, UNKNOWN])}, np.array([10.0, 90.0]))
    assert maximise(silent, {"gender": kind.expected}, {"gender": (0.5, 0.5)}, prior=0.5)["gender"] == (1.0, None)
