"""What stewards' decisions do to the threshold, and what they may never do. Numbers alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.calibrate import BINS, Correction, Labels, choose_threshold, correct, expect_precision

PRECISION = 0.99
LOWEST = 0.2
ODDS = st.integers(-14, 100).map(lambda tenths: 1 / (1 + np.exp(-tenths / 10)))
OPEN = st.lists(ODDS, max_size=40).map(lambda found: np.array(sorted(found, reverse=True)))
DECIDED = st.lists(st.tuples(ODDS, st.booleans()), max_size=30)


def labels_of(decided: list[tuple[float, bool]]) -> Labels:
    probabilities, same = zip(*decided, strict=True) if decided else ((), ())
    return Labels(np.array(probabilities, dtype=float), np.array(same, dtype=bool))


def plain(pairs: np.ndarray) -> float:
    return choose_threshold(pairs, Correction.none(), PRECISION, LOWEST)[0]


def threshold(pairs: np.ndarray, decided: list[tuple[float, bool]]) -> float:
    return choose_threshold(pairs, correct(pairs, labels_of(decided), plain(pairs)), PRECISION, LOWEST)[0]


def spread(count: int) -> np.ndarray:
    """Pairs as a model leaves them: many sure ones, a tail of doubtful ones."""
    return 1 / (1 + np.exp(-np.linspace(12, -1.3, count)))


@given(OPEN)
def test_without_labels_the_models_probability_is_the_chance(pairs):
    none = correct(pairs, Labels(), 0.9)
    assert (none.chances(pairs) == pairs).all()
    assert none.reach(0.5) == 0.5
    assert threshold(pairs, []) == plain(pairs)


@given(OPEN)
def test_without_labels_the_threshold_is_the_lowest_from_even_odds_on_that_keeps_the_precision(pairs):
    found, expected = choose_threshold(pairs, Correction.none(), PRECISION, LOWEST)
    kept = [p for p in pairs if p >= 0.5 and pairs[pairs >= p].mean() >= PRECISION]
    if kept:
        assert pairs[pairs >= found].mean() >= PRECISION - 1e-9 and min(kept) >= found >= 0.5
        assert expected >= PRECISION
    else:
        assert expected is None and not (pairs >= found).any()


@given(OPEN, DECIDED, st.lists(ODDS, min_size=1, max_size=5))
def test_a_further_same_never_raises_the_threshold_and_a_further_not_same_never_lowers_it(pairs, decided, further):
    before = threshold(pairs, decided)
    assert threshold(pairs, [*decided, *((p, True) for p in further)]) <= before
    assert threshold(pairs, [*decided, *((p, False) for p in further)]) >= before


@given(OPEN, DECIDED, st.randoms())
def test_the_order_of_decisions_is_irrelevant(pairs, decided, random):
    shuffled = random.sample(decided, len(decided))
    assert threshold(pairs, shuffled) == threshold(pairs, decided)


@given(OPEN, DECIDED)
def test_a_pair_the_model_holds_less_likely_never_has_the_better_chance(pairs, decided):
    correction = correct(pairs, labels_of(decided), plain(pairs))
    everywhere = np.array(sorted({*pairs, *BINS, *correction.edges, *np.linspace(0.01, 0.9999, 200)}))
    assert (np.diff(correction.chances(everywhere)) >= -1e-12).all()
    lowest = correction.reach(0.5)
    assert (correction.chances(everywhere[everywhere > lowest]) >= 0.5 - 1e-9).all()
    assert (correction.chances(everywhere[everywhere < lowest]) <= 0.5 + 1e-9).all()


@given(OPEN, DECIDED)
def test_no_pair_matches_that_labels_and_model_together_hold_below_even_odds(pairs, decided):
    found = threshold(pairs, decided)
    chances = correct(pairs, labels_of(decided), plain(pairs)).chances(pairs[pairs >= found])
    assert found >= LOWEST and (chances >= 0.5 - 1e-9).all()


@pytest.mark.parametrize("count", [10, 1000])
def test_labels_that_agree_with_the_model_change_nothing_to_speak_of(count):
    pairs = spread(2000)
    agreeing = [(p, k % 100 < round(100 * p)) for p in (0.25, 0.35, 0.6, 0.7, 0.9) for k in range(count)]
    assert threshold(pairs, agreeing) == pytest.approx(plain(pairs), rel=0.03)


def test_few_labels_move_the_chance_little_and_many_decide():
    moved = [
        correct(spread(2000), labels_of([(0.6, False)] * n), 0.95).chances(np.array([0.6]))[0] for n in (0, 1, 5, 200)
    ]
    assert moved[0] == 0.6 and moved[1] == pytest.approx(0.6, abs=0.12) and moved[2] < 0.4 and moved[3] < 0.05


def test_labels_of_the_review_queue_say_nothing_of_surer_pairs():
    sure = np.array([0.96, 0.995, 0.99999])
    for verdict in (True, False):
        correction = correct(spread(2000), labels_of([(0.6, verdict)] * 50), 0.95)
        assert (correction.chances(sure) == sure).all()


def test_confirmed_doubtful_pairs_bring_the_threshold_below_the_models_even_odds():
    pairs = spread(2000)
    confirmed = [(p, True) for p in (0.3, 0.4, 0.6, 0.7, 0.85, 0.92, 0.97) for _ in range(1000)]
    assert threshold(pairs, confirmed) < 0.5 <= plain(pairs)


def test_refuted_doubtful_pairs_raise_the_threshold_above_them():
    pairs = np.append(np.full(5000, 0.9999), [0.6, 0.55])
    assert plain(pairs) == 0.5
    assert threshold(pairs, [(0.6, False)] * 20) > 0.6


def test_a_complaint_about_matched_pairs_weighs_against_all_the_pairs_nobody_complained_of():
    many, few = np.full(100_000, 0.9995), np.full(20, 0.9995)
    complaints = labels_of([(0.9995, False)] * 5)
    chance_of = [correct(pairs, complaints, 0.95).chances(np.array([0.9995]))[0] for pairs in (many, few)]
    assert 0.999 < chance_of[0] < 0.9995 and chance_of[1] < 0.997
    assert expect_precision(many, correct(many, complaints, 0.95), 0.95) == pytest.approx(chance_of[0])


def test_where_no_pair_is_sure_enough_none_matches():
    # Regression: the likeliest pair matched, however far below the precision asked for.
    assert choose_threshold(np.array([0.9, 0.6]), Correction.none(), PRECISION, LOWEST) == (PRECISION, None)
    refuted = [(0.99999, False)] * 2000
    assert threshold(np.array([0.99999]), refuted) > 0.99999
    assert expect_precision(np.array([0.9]), Correction.none(), 0.95) is None
