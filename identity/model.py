"""The model as an artefact: how much each level of each comparison says, how rare values are, which pairs to compare.

Put here: its content, its fingerprint, keeping it as files.
Keep out: how the numbers are found (train.py), what is done with scores (score.py).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from identity.comparisons import frequency_columns, kinds_of
from identity.model_rules import ModelRules

MODEL_FILE = "model.json"
FORMAT = 3
FREQUENCY_SCHEMA = pa.schema([("attribute", pa.string()), ("value", pa.string()), ("share", pa.float64())])


class ModelError(ValueError):
    """A stored model cannot be used. The message names the file and what to do."""


@dataclass(frozen=True)
class MatchModel:
    """What `train_model` found. Everything a score depends on is in here, so equal fingerprints give equal scores.

    m, u: probability of each level of a comparison ("different" last) among matches and among other pairs.
    prior: probability that two records drawn at random are one person.
    blocking: rules of columns; a pair that agrees on all columns of one is compared.
    frequencies: attribute, value, share of records; a value that is not in it has the share `rarest`.
    match, review: match probability, 0–1, from which on a pair is an edge, or is put up for review.
    expected_precision: mean probability of the pairs that matched where it was trained; None where nobody can tell.
    labels: decisions by verdict that its threshold heeds.
    rules: what identity.yml said of the model then (`ModelRules.for_training`).
    """

    m: Mapping[str, tuple[float, ...]]
    u: Mapping[str, tuple[float, ...]]
    prior: float
    blocking: tuple[tuple[str, ...], ...]
    rarest: float
    records: int
    frequencies: pa.Table
    match: float = 0.95
    review: float = 0.2
    expected_precision: float | None = None
    labels: Mapping[str, int] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> str:
        """First 16 hex digits of the SHA-256 of all numbers."""
        digest = hashlib.sha256(json.dumps(self._numbers(), sort_keys=True).encode())
        for name in ("attribute", "value"):
            digest.update("\0".join(self.frequencies[name].to_pylist()).encode())
        digest.update(self.frequencies["share"].to_numpy().astype("<f8").tobytes())
        return digest.hexdigest()[:16]

    @property
    def frequency_columns(self) -> tuple[str, ...]:
        """Columns of which the share of each value counts."""
        return frequency_columns(kinds_of(self.m))

    def under(self, rules: ModelRules) -> MatchModel:
        """This model with the thresholds of identity.yml: those of the present, no training is needed for them."""
        match = rules.match or self.match
        expected = self.expected_precision if match == self.match else None
        return replace(self, match=match, review=min(rules.review, match), expected_precision=expected)

    def save(self, folder: Path) -> Path:
        """Write the model; a reader sees the old one or this one, never a mixture."""
        folder.mkdir(parents=True, exist_ok=True)
        frequencies = f"frequencies-{self.fingerprint}.parquet"
        draft = folder / f".{frequencies}.{os.getpid()}"
        pq.write_table(self.frequencies, draft)
        draft.replace(folder / frequencies)  # of a model saved again, too
        content = {"fingerprint": self.fingerprint, "frequencies": frequencies, **self._numbers()}
        staged = folder / f".{MODEL_FILE}.{os.getpid()}"
        staged.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
        staged.replace(folder / MODEL_FILE)
        for other in folder.glob("frequencies-*.parquet"):
            if other.name != frequencies:
                other.unlink()
        return folder / MODEL_FILE

    @classmethod
    def load(cls, folder: Path) -> MatchModel | None:
        """The model kept in a folder, None where there is none.

        Raises:
            ModelError: it was changed by hand, is of another format, or is not whole.
        """
        file = folder / MODEL_FILE
        if not file.is_file():
            return None
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
            if content["format"] != FORMAT:
                raise ModelError(
                    f"{file}: format {content['format']}, this release reads {FORMAT}; run `c360 identity train`"
                )
            model = cls._from_json(content, pq.read_table(folder / content["frequencies"]))
        except ModelError:
            raise
        except (OSError, KeyError, TypeError, ValueError) as fault:
            raise ModelError(
                f"{file}: not a whole model ({type(fault).__name__}); run `c360 identity train`"
            ) from fault
        if model.fingerprint != content["fingerprint"]:
            raise ModelError(
                f"{file}: fingerprint {content['fingerprint']} does not fit the content, {model.fingerprint}; "
                "a model is not edited by hand: run `c360 identity train`"
            )
        return model

    @classmethod
    def _from_json(cls, content: Mapping[str, Any], frequencies: pa.Table) -> MatchModel:
        levels = content["comparisons"]
        return cls(
            m={name: tuple(found["m"]) for name, found in levels.items()},
            u={name: tuple(found["u"]) for name, found in levels.items()},
            prior=content["prior"],
            blocking=tuple(tuple(rule) for rule in content["blocking"]),
            rarest=content["rarest"],
            records=content["records"],
            match=content["match"],
            review=content["review"],
            expected_precision=content["expected_precision"],
            labels=content["labels"],
            rules=content["rules"],
            frequencies=frequencies.cast(FREQUENCY_SCHEMA),
        )

    def _numbers(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "comparisons": {
                kind.name: {"levels": kind.labels, "m": list(self.m[kind.name]), "u": list(self.u[kind.name])}
                for kind in kinds_of(self.m)
            },
            "prior": self.prior,
            "blocking": [list(rule) for rule in self.blocking],
            "rarest": self.rarest,
            "records": self.records,
            "match": self.match,
            "review": self.review,
            "expected_precision": self.expected_precision,
            "labels": self.labels,
            "rules": self.rules,
        }
