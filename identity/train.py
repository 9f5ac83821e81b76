"""Training: how much agreement and disagreement say, found in a company's own records, without labels.

Put here: chance agreement from random pairs, agreement of matches by expectation maximisation, the blocking rules.
Keep out: what is compared (comparisons.py), keeping the result (model.py).

Source: Fellegi and Sunter 1969; Winkler 1988 (expectation maximisation); Splink 5 does the arithmetic. Two things are
ours. Pairs drawn at random hold true matches too, in small data enough to drown the chance of an exact match: their
share is taken out again. And expectation maximisation only sees blocks in which most pairs are one person (same full
name; one state number; one birth date): in blocks of an address or a family name it learns "same household".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt

import numpy as np
import pyarrow as pa
from splink import Linker, block_on

from identity.calibrate import EVEN, Correction, Labels, choose_threshold, correct, expect_precision
from identity.comparisons import BLOCKING, Kind, frequency_columns, usable_kinds
from identity.config import IdentityConfig
from identity.engine import Engine
from identity.evidence import COLUMNS, add_frequencies
from identity.model import FREQUENCY_SCHEMA, MatchModel
from identity.model_rules import ModelRules
from identity.score import score_candidates, score_decided
from identity.sql import quote

MIN_RECORDS = 200  # fewer say nothing about chance
RANDOM_PAIRS = 1_500_000
EM_PAIRS = 1_000_000
PAIRS, PAIRS_PER_RECORD = 3_000_000, 5  # candidate pairs a model may ask for: the first, and the second for each record
PAIRS_TO_CALIBRATE = 2_000_000
SEED = 1
RECALL_OF_CERTAIN = 0.7  # share of true pairs that agree on one of CERTAIN; the prior hardly depends on it
CERTAIN = (
    ("government_id",),
    ("first_name", "last_name", "birth_date"),
    ("first_name", "last_name", "street_number", "street_name"),
    ("first_name", "last_name", "email"),
    ("first_name", "last_name", "phone"),
)
SAFE_BLOCKS = (
    ("government_id",),
    ("birth_date",),
    ("first_name", "street_name"),
    ("first_name", "email"),
    ("first_name", "phone"),
)
KNOWN_ENOUGH = 0.3  # of all records, for a column to make a block
ROUNDS = 2  # of taking matches out of the random pairs and learning again
FREEDOM = 3  # a block whose people were taken for others still teaches a tolerable model


class BlockingError(ValueError):
    """The blocking rules of identity.yml compare too many pairs. The message says which, how many, and what to do."""


def train_model(engine: Engine, config: IdentityConfig) -> MatchModel | None:
    """Learn a model from `ir_evidence`, and choose its threshold on the pairs the rules left open (`ir_labels`).

    Args:
        config: what the company says of its model, and the datasets that know each person once. The threshold is the
            lowest, not below even odds, at which the share of right ones expected among the pairs that match is
            `precision`, as corrected by what stewards decided; or the one given.
    Returns:
        The model; None where there are fewer than MIN_RECORDS records, or no name is known.
    Raises:
        BlockingError: the rules given compare more pairs than they may.
    """
    rules = config.model
    known = _count_known(engine)
    records = known.pop("records")
    if records < MIN_RECORDS or not known["first_name"] or not known["last_name"]:
        return None
    kinds = tuple(
        replace(kind, expected=rules.agreement.get(kind.name, kind.expected))
        for kind in usable_kinds((name for name, share in known.items() if share > 0), rules.left_out)
    )
    blocking, pairs = _choose_blocking(engine, known, records, rules)
    model = MatchModel(
        m={k.name: k.expected for k in kinds},
        u={},
        prior=0.0001,
        blocking=blocking,
        rarest=1 / records,
        records=records,
        frequencies=_count_frequencies(engine, kinds, records),
        rules=rules.for_training(),
    )
    add_frequencies(engine, model)
    with engine.matching() as api:
        model = _Training(api, model, kinds, known, frozenset(rules.agreement)).learn()
    at_least = min(EVEN, rules.review, rules.match or EVEN)
    score_candidates(engine, model, at_least, config.known_once, one_in=1 + pairs // PAIRS_TO_CALIBRATE)
    labels = _read_labels(engine, model, config)
    return _set_threshold(model, rules, _read_open(engine), labels, at_least)


def _set_threshold(
    model: MatchModel, rules: ModelRules, probabilities: np.ndarray, labels: Labels, at_least: float
) -> MatchModel:
    """The model with its threshold and what is expected above it, given what stewards decided.

    Args:
        probabilities: of the pairs nobody decided, from `at_least` on, descending.
    """
    as_if_none = Correction.none()
    match, _ = choose_threshold(probabilities, as_if_none, rules.precision, at_least)
    correction = correct(probabilities, labels, rules.match or match) if len(labels.same) else as_if_none
    if rules.match is None:
        match, expected = choose_threshold(probabilities, correction, rules.precision, at_least)
    else:
        match, expected = rules.match, expect_precision(probabilities, correction, rules.match)
    same = int(labels.same.sum())
    used = {"same": same, "not_same": len(labels.same) - same}
    return replace(model, match=match, review=min(rules.review, match), expected_precision=expected, labels=used)


def _read_open(engine: Engine) -> np.ndarray:
    """Probabilities of the candidates nobody decided and nothing forbids to match, descending."""
    found = engine.fetch(
        "select probability from ir_scored s anti join ir_decisions d on d.left_id = s.left_id "
        "and d.right_id = s.right_id where reason is null order by probability desc"
    )
    return found["probability"].to_numpy()


def _read_labels(engine: Engine, model: MatchModel, config: IdentityConfig) -> Labels:
    if not engine.fetch("select count(*) as n from ir_decisions where in_effect")["n"][0].as_py():
        return Labels()
    score_decided(engine, model, config.known_once)
    found = engine.fetch("select probability, is_same from ir_labelled")
    return Labels(found["probability"].to_numpy(), found["is_same"].to_numpy(zero_copy_only=False))


class _Training:
    """fixed: comparisons whose agreement among matches is given, not found."""

    def __init__(
        self, api, model: MatchModel, kinds: tuple[Kind, ...], known: dict[str, float], fixed: frozenset[str]
    ) -> None:
        self.records = api.register("ir_comparable")
        self.model, self.kinds, self.fixed = model, kinds, fixed
        self.pairs = min(RANDOM_PAIRS, model.records * (model.records - 1) // 2)
        blocks = [b for b in SAFE_BLOCKS if all(known[c] >= KNOWN_ENOUGH for c in b)]
        self.blocks = [
            block
            for block in [("first_name", "last_name"), *blocks[:1]]
            if any(kind.columns.isdisjoint(block) for kind in kinds)  # else it shows nothing but what it fixes
        ]
        self.certain = [rule for rule in CERTAIN if all(known[c] > 0 for c in rule)]

    def learn(self) -> MatchModel:
        linker = self._linker()
        if self.certain:
            linker.training.estimate_probability_two_random_records_match(
                [block_on(*rule) for rule in self.certain], recall=RECALL_OF_CERTAIN
            )
        linker.training.estimate_u_using_random_sampling(
            max_pairs=RANDOM_PAIRS, seed=SEED, min_count_per_level=None, num_chunks=1
        )
        found = linker.misc.save_model_to_json()
        drawn = {name: levels["u"] for name, levels in self._levels(found).items()}
        self.model = replace(self.model, prior=found["probability_two_random_records_match"], u=self._chance(drawn))
        for _ in range(ROUNDS):
            self.model = replace(self.model, m=self._maximise())
            self.model = replace(self.model, u=self._chance(drawn))
        return self.model

    def _linker(self) -> Linker:
        return Linker(self.records, self.model.settings(), log_level="ERROR")

    def _maximise(self) -> dict[str, tuple[float, ...]]:
        """m of every level: the mean over the blocks that could see it, as expected where none could or it is given."""
        seen: dict[str, list[tuple[float, ...]]] = {k.name: [] for k in self.kinds}
        for block in self.blocks:
            linker = self._linker()
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*block), estimate_without_term_frequencies=True, max_pairs=EM_PAIRS
            )
            levels = self._levels(linker.misc.save_model_to_json())
            for kind in self.kinds:
                if kind.name not in self.fixed and kind.columns.isdisjoint(block):
                    seen[kind.name].append(_settle(levels[kind.name]["m"], kind.expected))
        return {
            kind.name: tuple(sum(level) / len(level) for level in zip(*seen[kind.name], strict=True))
            if seen[kind.name]
            else kind.expected
            for kind in self.kinds
        }

    def _chance(self, drawn: dict[str, Sequence[float | None]]) -> dict[str, tuple[float, ...]]:
        """u of every level: what random pairs showed, less what the true matches among them contributed.

        The rest is known no better than the draw: not below one standard deviation of what was counted.
        """
        prior = self.model.prior
        return {
            kind.name: _whole(
                max((seen - prior * m) / (1 - prior), sqrt(max(seen, 1 / self.pairs) / self.pairs))
                for seen, m in zip((p or 0.0 for p in drawn[kind.name]), self.model.m[kind.name], strict=True)
            )
            for kind in self.kinds
        }

    def _levels(self, found: dict) -> dict[str, dict[str, list[float | None]]]:
        return {
            comparison["output_column_name"]: {
                p: [
                    level.get(f"{p}_probability")
                    for level in comparison["comparison_levels"]
                    if not level.get("is_null_level")
                ]
                for p in ("m", "u")
            }
            for comparison in found["comparisons"]
        }


def _settle(found: Sequence[float | None], expected: Sequence[float]) -> tuple[float, ...]:
    """Training moves a level by at most a factor of FREEDOM from what is expected of it."""
    return _whole(
        min(max(e if p is None else p, e / FREEDOM), e * FREEDOM) for p, e in zip(found, expected, strict=True)
    )


def _whole(parts) -> tuple[float, ...]:
    parts = list(parts)
    return tuple(round(p / sum(parts), 12) for p in parts)


def _count_known(engine: Engine) -> dict[str, float]:
    shares = ", ".join(f"count({c}) / greatest(count(*), 1) as {c}" for c in COLUMNS)
    return engine.fetch(f"select count(*) as records, {shares} from ir_evidence").to_pylist()[0]


def _count_frequencies(engine: Engine, kinds: Sequence[Kind], records: int) -> pa.Table:
    """Shares of the values that occur more than once."""
    counted = " union all ".join(
        f"select {quote(c)} as attribute, {c} as value, count(*) / {records} as share from ir_evidence "
        f"where {c} is not null group by {c} having count(*) > 1"
        for c in frequency_columns(kinds)
    )
    return engine.fetch(f"select * from ({counted}) order by attribute, value").cast(FREQUENCY_SCHEMA)


def _choose_blocking(
    engine: Engine, known: dict[str, float], records: int, rules: ModelRules
) -> tuple[tuple[tuple[str, ...], ...], int]:
    """The blocking rules, and how many pairs they compare: the given ones, or else of BLOCKING those whose columns are
    known, the most selective ones within the budget.

    Raises:
        BlockingError: the given ones exceed the budget.
    """
    budget = rules.candidates or PAIRS + PAIRS_PER_RECORD * records
    if rules.blocking is not None:
        counts = [_count_pairs(engine, rule) for rule in rules.blocking]
        if sum(counts) > budget:
            worst = rules.blocking[counts.index(max(counts))]
            raise BlockingError(
                f"identity.yml: model.blocking: the rules compare {sum(counts):,} pairs of {records:,} records, "
                f"{max(counts):,} of them the rule [{', '.join(worst)}]; allowed: {budget:,}; add a column to it, or "
                "raise model.candidates"
            )
        return rules.blocking, sum(counts)
    usable = [
        (_count_pairs(engine, rule), position, rule)
        for position, rule in enumerate(BLOCKING)
        if all(known[c] > 0 for c in COLUMNS if any(c in part for part in rule))
    ]
    chosen, spent = [], 0
    for count, position, rule in sorted(usable):
        if count == 0 or (chosen and spent + count > budget):
            continue
        spent += count
        chosen.append((position, rule))
    return tuple(rule for _, rule in sorted(chosen)), spent


def _count_pairs(engine: Engine, rule: Sequence[str]) -> int:
    given = " and ".join(f"{part} is not null" for part in rule)
    counted = engine.fetch(
        f"select coalesce(sum(n * (n - 1) // 2), 0)::bigint as pairs from ("
        f"select count(*) as n from ir_evidence where {given} group by {', '.join(rule)})"
    )
    return counted["pairs"][0].as_py()
