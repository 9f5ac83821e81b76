"""Training: how much agreement and disagreement say, found in a company's own records, without labels.

Put here: which pairs teach what: random ones chance agreement, blocks agreement of matches.
Keep out: the arithmetic (maximise.py), what is compared (comparisons.py), which pairs (choose_blocking.py), thresholds
(threshold.py), keeping the result (model.py).

Source: Splink 5 and its papers. Two things are ours. Pairs drawn at random hold true matches too, in small data enough
to drown the chance of an exact match: their share is taken out again. And expectation maximisation only sees blocks in
which most pairs are one person (same full name; one state number; one birth date): in blocks of an address or a family
name it learns "same household".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import sqrt

import pyarrow as pa

from identity.blocking import Rule, pair_up
from identity.calibrate import EVEN
from identity.choose_blocking import choose_blocking, count_pairs
from identity.comparisons import Kind, frequency_columns, usable_kinds
from identity.config import IdentityConfig
from identity.engine import Engine
from identity.evidence import COLUMNS
from identity.maximise import Levels, Patterns, count_patterns, maximise
from identity.model import FREQUENCY_SCHEMA, MatchModel
from identity.sql import quote
from identity.threshold import set_threshold

MIN_RECORDS = 200  # fewer say nothing about chance
RANDOM_PAIRS = 1_500_000
DRAWN_RECORDS = 50_000  # random pairs are of so many records, evenly taken: they fit a processor's cache
EM_PAIRS = 500_000
UNKNOWN_PRIOR = 0.0001  # where nothing makes a pair certain
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
Shares = Mapping[str, Sequence[float]]  # comparison -> by level


def train_model(engine: Engine, config: IdentityConfig) -> MatchModel | None:
    """Learn a model from `ir_evidence`, and choose its threshold on the pairs the rules left open (`ir_labels`).

    These are scored then, `ir_scored`, from `review` or even odds on, whichever is lower: enough to link them as well.

    Args:
        config: what the company says of its model, and the datasets that know each person once.
    Returns:
        The model; None where there are fewer than MIN_RECORDS records, or no name is known.
    Raises:
        BlockingError: the blocking rules given compare more pairs than they may.
    """
    rules = config.model
    known = _count_known(engine)
    records = known.pop("records")
    if records < MIN_RECORDS or not known["first_name"] or not known["last_name"]:
        return None
    blocking = choose_blocking(engine, known, records, rules)
    kinds = tuple(
        replace(kind, expected=rules.agreement.get(kind.name, kind.expected))
        for kind in usable_kinds((name for name, share in known.items() if share > 0), rules.left_out)
    )
    training = _Training(engine, kinds, known, records, frozenset(rules.agreement))
    m, u = training.learn()
    model = MatchModel(
        m=m,
        u=u,
        prior=training.prior,
        blocking=blocking,
        rarest=1 / records,
        records=records,
        frequencies=_count_frequencies(engine, kinds, records),
        rules=rules.for_training(),
    )
    return set_threshold(engine, model, rules, config.known_once)


class _Training:
    """Numbers out of pairs: chance from random ones, agreement of matches from blocks of likely ones.

    fixed: comparisons of which the agreement of matches is given, not found.
    """

    def __init__(
        self, engine: Engine, kinds: tuple[Kind, ...], known: dict[str, float], records: int, fixed: frozenset[str]
    ) -> None:
        self._engine, self._kinds, self._records, self._fixed = engine, kinds, records, fixed
        self._all_pairs = records * (records - 1) // 2
        self._drawn_pairs = min(RANDOM_PAIRS, self._all_pairs)
        blocks = [b for b in SAFE_BLOCKS if all(known[c] >= KNOWN_ENOUGH for c in b)]
        self._blocks = [("first_name", "last_name"), *blocks[:1]]
        self._certain = [rule for rule in CERTAIN if all(known[c] > 0 for c in rule)]
        self.prior = UNKNOWN_PRIOR

    def learn(self) -> tuple[dict[str, tuple[float, ...]], dict[str, tuple[float, ...]]]:
        """m and u of each comparison; `prior` is known afterwards."""
        if self._certain:
            pair_up(self._engine, "ir_certain", self._certain)
            certain = max(self._engine.count("ir_certain"), 1)
            self._engine.drop("ir_certain")
            self.prior = min(certain / RECALL_OF_CERTAIN / self._all_pairs, EVEN)
        drawn = self._draw()
        blocks = [(block, counted) for block in self._blocks if (counted := self._block(block)) is not None]
        m = {kind.name: kind.expected for kind in self._kinds}
        u = self._chance(drawn, m)
        for _ in range(ROUNDS):
            m = self._maximise(blocks, m, u)
            u = self._chance(drawn, m)
        self._engine.drop("ir_drawn", "ir_drawn_evidence", "ir_block")
        return m, u

    def _draw(self) -> dict[str, Levels]:
        """Shares of each level among pairs drawn at random."""
        one_in = max(self._records // DRAWN_RECORDS, 1)
        records = self._records // one_in
        if self._drawn_pairs == self._all_pairs:
            drawn = (
                "select l.unique_id as left_id, r.unique_id as right_id "
                "from ir_evidence l join ir_evidence r on l.unique_id < r.unique_id"
            )
        else:  # records are numbered from 0
            drawn = f"""
                select cast(i % {records} * {one_in} as integer) as left_id,
                    cast(hash(i) % {records} * {one_in} as integer) as right_id
                from range({self._drawn_pairs}) t(i) where i % {records} <> hash(i) % {records}
            """
        self._engine.store("ir_drawn", drawn)
        self._engine.store("ir_drawn_evidence", f"select * from ir_evidence where unique_id % {one_in} = 0")
        return count_patterns(self._engine, self._kinds, "ir_drawn", "ir_drawn_evidence").shares()

    def _block(self, block: Rule) -> Patterns | None:
        """Pairs that agree on a block, by what it does not look at itself; None where there are none."""
        kinds = [kind for kind in self._kinds if kind.columns.isdisjoint(block)]
        pair_up(self._engine, "ir_block", [block], one_in=1 + count_pairs(self._engine, [block])[block] // EM_PAIRS)
        if not kinds or not self._engine.count("ir_block"):
            return None
        return count_patterns(self._engine, kinds, "ir_block")

    def _maximise(self, blocks: list[tuple[Rule, Patterns]], m: Shares, u: Shares) -> dict[str, tuple[float, ...]]:
        """m of every level: the mean over the blocks that could see it, as expected where none could or it is given."""
        seen: dict[str, list[tuple[float, ...]]] = {kind.name: [] for kind in self._kinds}
        for block, counted in blocks:
            odds = self.prior / (1 - self.prior)
            for kind in self._kinds:
                if kind.name in block:  # the pairs of the block agree on it: that much likelier are they matches
                    odds *= m[kind.name][0] / u[kind.name][0]
            found = maximise(counted, m, u, odds / (1 + odds))
            for kind in counted.kinds:
                if kind.name not in self._fixed:
                    seen[kind.name].append(_settle(found[kind.name], kind.expected))
        return {
            kind.name: tuple(sum(level) / len(level) for level in zip(*seen[kind.name], strict=True))
            if seen[kind.name]
            else kind.expected
            for kind in self._kinds
        }

    def _chance(self, drawn: dict[str, Levels], m: Shares) -> dict[str, tuple[float, ...]]:
        """u of every level: what random pairs showed, less what the true matches among them contributed.

        The rest is known no better than the draw: not below one standard deviation of what was counted.
        """
        prior, pairs = self.prior, self._drawn_pairs
        return {
            kind.name: _whole(
                max((seen - prior * of) / (1 - prior), sqrt(max(seen, 1 / pairs) / pairs))
                for seen, of in zip((p or 0.0 for p in drawn[kind.name]), m[kind.name], strict=True)
            )
            for kind in self._kinds
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
    """Share of the other records that hold a value, of the values that occur more than once: how often chance alone
    would bring one to a second that has it."""
    counted = " union all ".join(
        f"select {quote(c)} as attribute, {c} as value, (count(*) - 1) / {records} as share from ir_evidence "
        f"where {c} is not null group by {c} having count(*) > 1"
        for c in frequency_columns(kinds)
    )
    return engine.fetch(f"select * from ({counted}) order by attribute, value").cast(FREQUENCY_SCHEMA)
