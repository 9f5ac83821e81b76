"""From which probability on a model matches: calibrated on its own candidates and what stewards decided.

Put here: what the threshold is chosen on. Keep out: the arithmetic (calibrate.py), scores (score.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from identity.calibrate import EVEN, Correction, Labels, choose_threshold, correct, expect_precision
from identity.engine import Engine
from identity.model import MatchModel
from identity.model_rules import ModelRules
from identity.score import score_candidates, score_decided


def set_threshold(engine: Engine, model: MatchModel, rules: ModelRules, once: Iterable[str] = ()) -> MatchModel:
    """The model with its thresholds, and the precision expected above the upper one.

    Writes `ir_scored`, from the lowest probability on that may match or go to review.

    Args:
        once: datasets that know each person once.
    """
    at_least = min(EVEN, rules.review, rules.match or EVEN)
    score_candidates(engine, model, at_least, once)
    found = engine.fetch(
        "select probability from ir_scored s anti join ir_decisions d on d.left_id = s.left_id "
        "and d.right_id = s.right_id where reason is null order by probability desc"
    )
    probabilities = found["probability"].to_numpy()
    match, expected = choose_threshold(probabilities, Correction.none(), rules.precision, at_least)
    correction, labels = Correction.none(), _read_labels(engine, model, once)
    if len(labels.same):
        correction = correct(probabilities, labels, rules.match or match)
        match, expected = choose_threshold(probabilities, correction, rules.precision, at_least)
    if rules.match is not None:
        match, expected = rules.match, expect_precision(probabilities, correction, rules.match)
    same = int(np.count_nonzero(labels.same))
    used = {"same": same, "not_same": len(labels.same) - same}
    return replace(model, match=match, review=min(rules.review, match), expected_precision=expected, labels=used)


def _read_labels(engine: Engine, model: MatchModel, once: Iterable[str]) -> Labels:
    if not engine.count("ir_decisions where in_effect"):
        return Labels()
    score_decided(engine, model, once)
    found = engine.fetch("select probability, is_same from ir_labelled")
    return Labels(found["probability"].to_numpy(), found["is_same"].to_numpy(zero_copy_only=False))
