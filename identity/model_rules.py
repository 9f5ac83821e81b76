"""What a company says of its model in identity.yml: thresholds, which pairs are compared, and how.

Put here: reading section `model`, and where a model trained earlier was told otherwise.
Keep out: the model (model.py), how training heeds the rules (train.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from identity import defaults
from identity.comparisons import KINDS
from identity.config_reader import Reader
from identity.evidence import COLUMNS

NEEDED = ("first_name", "last_name")  # comparisons no model can do without
ROUNDING = 0.001  # shares of the levels of a comparison add up to 1 but for so much
_END = re.compile(r"(left|right)\(\s*(\w+)\s*,\s*([1-9]\d?)\s*\)")


@dataclass(frozen=True)
class ModelRules:
    """Section `model` of identity.yml.

    precision: expected share of right ones among the pairs that match; training finds the threshold that keeps it.
    match: the threshold itself, a match probability; None: the one training found.
    review: match probability from which on a pair is put up for review.
    candidates: pairs the blocking rules may ask for; None: `train.PAIRS` and so many per record.
    blocking: rules of columns, or of left(column, n) and right(column, n); None: training chooses.
    left_out: comparisons that are not made.
    agreement: comparison -> share of true matches at each of its levels, "different" last; else training finds it.
    """

    enabled: bool = True
    precision: float = defaults.PRECISION
    match: float | None = None
    review: float = defaults.REVIEW
    candidates: int | None = None
    blocking: tuple[tuple[str, ...], ...] | None = None
    left_out: tuple[str, ...] = ()
    agreement: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    def for_training(self) -> dict[str, Any]:
        """What a trained model depends on, by its key in identity.yml, as JSON keeps it; defaults are left out."""
        blocking = self.blocking and sorted(sorted(rule) for rule in self.blocking)
        comparisons = {**dict.fromkeys(self.left_out, False), **{k: list(v) for k, v in self.agreement.items()}}
        told = {
            "precision": self.precision if self.precision != defaults.PRECISION else None,
            "match": self.match,
            "candidates": self.candidates,
            "blocking": blocking,
            "comparisons": comparisons or None,
        }
        return {key: value for key, value in told.items() if value is not None}

    def differ_from(self, trained: Mapping[str, Any]) -> tuple[str, ...]:
        """Keys that ask for a model other than one trained under `trained` (what `for_training` was then).

        A threshold that is given takes effect at once, whatever the model was trained for.
        """
        now = self.for_training()
        at_once = () if self.match is None else ("match", "precision")
        return tuple(k for k in sorted({*now, *trained}) if k not in at_once and now.get(k) != trained.get(k))


def read_model_rules(reader: Reader, given: Mapping[str, Any]) -> ModelRules:
    """Section `model`, its keys known already.

    Raises:
        IdentityConfigError: a value that is not allowed.
    """
    match = None if given.get("match") is None else reader.share("model.match", given["match"])
    review = reader.share("model.review", given.get("review", defaults.REVIEW))
    if match is not None and "review" in given and review > match:
        raise reader.error("model.review", review, f"a number up to model.match, {match}: what matches is not reviewed")
    left_out, agreement = _read_comparisons(reader, given.get("comparisons"))
    return ModelRules(
        enabled=reader.flag("model.enabled", given.get("enabled", True)),
        precision=reader.share("model.precision", given.get("precision", defaults.PRECISION)),
        match=match,
        review=review,
        candidates=reader.limit("model.candidates", given.get("candidates")),
        blocking=_read_blocking(reader, given.get("blocking")),
        left_out=left_out,
        agreement=agreement,
    )


def _read_blocking(reader: Reader, value: Any) -> tuple[tuple[str, ...], ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not value or not all(isinstance(rule, list) and rule for rule in value):
        raise reader.error("model.blocking", value, "a list of rules, each a list of columns a pair agrees on")
    return tuple(tuple(dict.fromkeys(_read_part(reader, part) for part in rule)) for rule in value)


def _read_part(reader: Reader, part: Any) -> str:
    """A column, or its first or last characters; nothing else ever gets into the SQL."""
    end = _END.fullmatch(part.strip()) if isinstance(part, str) else None
    if end:
        side, column, length = end.groups()
        return f"{side}({reader.known('model.blocking', column, COLUMNS)}, {length})"
    if isinstance(part, str) and re.search(r"\W", part.strip()):
        raise reader.error(
            "model.blocking", part, 'a column, or in quotes "left(column, n)" or "right(column, n)", n from 1 to 99'
        )
    return reader.known("model.blocking", part, COLUMNS)


def _read_comparisons(reader: Reader, value: Any) -> tuple[tuple[str, ...], dict[str, tuple[float, ...]]]:
    kinds = {kind.name: kind for kind in KINDS}
    left_out, agreement = [], {}
    for name, said in reader.mapping("model.comparisons", value, tuple(kinds)).items():
        where = f"model.comparisons.{name}"
        if said is not False:
            agreement[name] = _read_agreement(reader, where, said, kinds[name].labels)
        elif name in NEEDED:
            raise reader.error(where, said, "shares of its levels; a model without names tells nobody apart")
        else:
            left_out.append(name)
    return tuple(sorted(left_out)), dict(sorted(agreement.items()))


def _read_agreement(reader: Reader, where: str, value: Any, labels: tuple[str, ...]) -> tuple[float, ...]:
    if not isinstance(value, Mapping) or set(value) != set(labels):
        raise reader.error(where, value, f"false, or the share of true matches at every level: {', '.join(labels)}")
    shares = [reader.share(f"{where}.{label}", value[label]) for label in labels]
    if abs(sum(shares) - 1) > ROUNDING:
        raise reader.error(where, round(sum(shares), 6), "shares that add up to 1")
    return tuple(round(share / sum(shares), 12) for share in shares)
