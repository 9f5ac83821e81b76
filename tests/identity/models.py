"""A model of round numbers, for tests that need a model and no training."""

from __future__ import annotations

import pyarrow as pa

from identity.comparisons import KINDS
from identity.model import FREQUENCY_SCHEMA, MatchModel

COMMON = [("first_name", "ann", 0.02), ("last_name", "miller", 0.03)]


def round_model(**changes) -> MatchModel:
    """Agreement is as likely as expected of matches; by chance every level but "different" is one in five hundred."""
    levels = {kind.name: len(kind.levels) for kind in KINDS}
    frequencies = [pa.array(column) for column in zip(*COMMON, strict=True)]
    numbers = {
        "m": {kind.name: kind.expected for kind in KINDS},
        "u": {name: (*[0.002] * count, 1 - 0.002 * count) for name, count in levels.items()},
        "prior": 0.001,
        "blocking": (("birth_date",), ("last_name", "left(first_name, 1)")),
        "rarest": 0.001,
        "records": 1000,
        "frequencies": pa.table(frequencies, schema=FREQUENCY_SCHEMA),
    }
    return MatchModel(**{**numbers, **changes})
