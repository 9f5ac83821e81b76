"""Calibration: from the model's probability to the chance that a pair is right; the threshold that keeps a precision.

Put here: what stewards' decisions (labels) change about it; numbers in, numbers out.
Keep out: which pairs they decided and how likely the model holds these (score.py).

Stewards choose what they look at, so a label speaks for pairs as likely as its own alone: each bin of probability is
corrected by its own labels. Below the threshold they answer what is put up for review, whichever way it goes. Above it
nobody confirms what is right, and a decision is a complaint: there all other pairs count as the model expects them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

EVEN = 0.5
BINS = (0.05, 0.2, 0.5, 0.8, 0.95, 0.99, 0.999, 0.9999)  # match probabilities
DOUBT = 1.0  # how far off the model may be before any label: standard deviation of the error of its log odds
_FARTHEST = 30.0  # log odds no correction exceeds
_HALVINGS = 60
_DIGITS = 9


def _none() -> np.ndarray:
    return np.empty(0)


@dataclass(frozen=True)
class Labels:
    """Decided pairs: the model's probability of each, and whether a steward says that it is one person."""

    probabilities: np.ndarray = field(default_factory=_none)
    same: np.ndarray = field(default_factory=_none)


@dataclass(frozen=True)
class Correction:
    """What is added to the log odds of the model, bin by bin.

    edges: where one bin ends and the next begins, ascending; shifts: one more than edges.
    """

    edges: np.ndarray
    shifts: np.ndarray

    @classmethod
    def none(cls) -> Correction:
        """The model as it is."""
        return cls(np.array(BINS), np.zeros(len(BINS) + 1))

    def chances(self, probabilities: np.ndarray) -> np.ndarray:
        """The chance that a pair is right; a pair the model holds less likely never has the better one."""
        bins = np.searchsorted(self.edges, probabilities, side="right")
        at_edges = _shift(self.edges, self.shifts[1:])
        ceilings = np.append(np.minimum.accumulate(at_edges[::-1])[::-1], 1.0)
        return np.minimum(_shift(probabilities, self.shifts[bins]), ceilings[bins])

    def reach(self, chance: float) -> float:
        """The lowest probability of the model from which on every pair has the chance; 1 where there is none."""
        lowest = 1.0
        for lower, shift in zip([0.0, *self.edges][::-1], self.shifts[::-1], strict=True):
            start = float(max(lower, _shift(np.array([chance]), np.array([-shift]))[0]))
            if start >= lowest:
                break
            lowest = start
            if start > lower:
                break
        return lowest


def correct(probabilities: np.ndarray, labels: Labels, threshold: float) -> Correction:
    """What the labels say of the model.

    Args:
        probabilities: of the pairs nobody decided.
        threshold: match probability; decisions on pairs above are complaints.
    Source: in each bin logistic regression on a constant, with a normal prior around the model's own log odds.
    """
    edges = np.union1d(BINS, threshold)
    order = np.lexsort((labels.same, labels.probabilities))  # sums of floats depend on their order
    decided, same = labels.probabilities[order], labels.same[order].astype(float)
    bins, others = (np.searchsorted(edges, of, side="right") for of in (decided, probabilities))
    shifts = np.zeros(len(edges) + 1)
    for number in np.unique(bins):
        held, seen = decided[bins == number], same[bins == number]
        weights, rest = np.ones(len(held)), probabilities[others == number]
        if len(rest) and number > np.searchsorted(edges, threshold):  # nobody complained of the rest
            held, seen = np.append(held, rest.mean()), np.append(seen, rest.mean())
            weights = np.append(weights, len(rest))
        shifts[number] = _fit(held, seen, weights)
    return Correction(edges, shifts)


def choose_threshold(
    probabilities: np.ndarray, correction: Correction, precision: float, at_least: float
) -> tuple[float, float | None]:
    """The lowest threshold at which the expected share of right pairs above it is `precision`, and that share.

    No pair below even odds matches, however many surer ones would make up for it: even odds as corrected, so that
    decisions can bring the threshold below the model's own. Between the last pair that matches and the next one, the
    threshold is where one pair more would still keep the precision.

    Args:
        probabilities: of the pairs nobody decided, from `at_least` on, descending.
        at_least: no threshold is lower.
    Returns:
        Threshold and share; the share is None where no pair is sure enough.
    """
    chances = correction.chances(probabilities)
    sums = np.cumsum(chances)
    is_last = np.append(probabilities[1:] < probabilities[:-1], True)[: len(sums)]  # of equals, all match or none
    keeping = is_last & (chances >= EVEN) & (sums >= precision * np.arange(1, len(sums) + 1))
    matched = int(np.flatnonzero(keeping)[-1]) + 1 if keeping.any() else 0
    total = float(sums[matched - 1]) if matched else 0.0
    lowest = correction.reach(max(EVEN, precision * (matched + 1) - total))
    if matched < len(probabilities):
        lowest = max(lowest, float(np.nextafter(probabilities[matched], 2)))
    if matched:
        lowest = min(lowest, float(probabilities[matched - 1]))
    return max(lowest, at_least), total / matched if matched else None


def expect_precision(probabilities: np.ndarray, correction: Correction, threshold: float) -> float | None:
    """The expected share of right pairs above a threshold; None where there is no pair."""
    matched = correction.chances(probabilities[probabilities >= threshold])
    return float(matched.mean()) if len(matched) else None


def _fit(held: np.ndarray, seen: np.ndarray, weights: np.ndarray) -> float:
    """The shift of the log odds of what the model held at which what was seen is most likely, by halving."""
    low, high = -_FARTHEST, _FARTHEST
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        surplus = np.sum(weights * (seen - _shift(held, np.full(len(held), middle)))) - middle / DOUBT**2
        low, high = (middle, high) if surplus > 0 else (low, middle)
    return round((low + high) / 2, _DIGITS)


def _shift(probabilities: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Probabilities with something added to their log odds; nothing added leaves them exactly as they are."""
    kept = np.clip(probabilities, 1e-15, 1 - 1e-15)
    odds = kept / (1 - kept) * np.exp(by)
    return np.where(by == 0, probabilities, odds / (1 + odds))
