"""Small journeys and a handful of interactions for property tests, which shrink to the least that shows a fault.

Put here: what hypothesis draws. Keep out: properties (test_*.py), large samples (random_journeys.py).
"""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Sequence
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from random_documents import LONG_JOURNEY, journey_by
from random_journeys import LATE, START

from pipelines.journeys.model import Journey

CHECKED = settings(
    max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
TOUCHPOINTS = "abcd"
AS_OF_MIN = 600
NUMBERS = st.sampled_from([number for number in range(30) if number != LONG_JOURNEY])
WHEN = st.sampled_from(list(product((30, 0, 60, 120), LATE)))
WHAT = st.sampled_from(list(product(("x", None, "y"), (None, 1, 2, 3), (None, "no", True))))
PLACE = st.sampled_from(list(product((50, 10), (None, 2, 1), (1, 2))))


class ShrinkingDice:
    """Dice of hypothesis: the first option, the shortest list and `no` are the simplest."""

    def __init__(self, draw: st.DrawFn):
        self.draw = draw

    def pick(self, options: Sequence) -> Any:
        return self.draw(st.sampled_from(options))

    def some(self, options: Sequence, most: int) -> list:
        return self.draw(st.lists(st.sampled_from(options), min_size=1, max_size=most, unique=True))

    def happens(self, share: float) -> bool:
        return self.draw(st.booleans())


@st.composite
def small_journeys(draw: st.DrawFn) -> Journey:
    """A journey through its YAML file; the number decides on re-entry, entity and key."""
    with tempfile.TemporaryDirectory() as folder:
        return journey_by(ShrinkingDice(draw), draw(NUMBERS), Path(folder), TOUCHPOINTS)


@st.composite
def small_walks(draw: st.DrawFn) -> list[dict]:
    """Up to a dozen interactions of one entity within ten hours, in order of time but not of ties."""
    minutes, told = 0, []
    for position in range(draw(st.integers(0, 12))):
        (gap, late), touchpoint = draw(WHEN), draw(st.sampled_from(TOUCHPOINTS))
        (trip, size, paid), (priority, sequence, slot) = draw(WHAT), draw(PLACE)
        minutes += gap
        given = {"size": size, "paid": paid, "trip": trip}
        told.append(
            {
                **{"interaction_id": str(uuid.UUID(int=position + 1)), "touchpoint": touchpoint},
                "occurred_at": START + timedelta(minutes=minutes) + late,
                **{"priority": priority, "sequence": sequence, "slot": slot},
                **{"channel": "web", "value": None, "cost": None, "customer_id": "c", "account_key": "a"},
                **{"order_key": trip and f"shop:{trip}", "case_key": trip and f"desk:{trip}"},
                "attributes": json.dumps({name: value for name, value in given.items() if value is not None}),
            }
        )
    return told
