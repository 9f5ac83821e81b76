"""Which arrivals a run lands: all that is new, or one day, one dataset alone.

Put here: the choice, and how job `land` is told of it. Keep out: landing (pipelines/ingest), runs (run.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from pipelines.keys import CATCH_UP, landing_key


@dataclass(frozen=True)
class Arrivals:
    """By default whatever has arrived of any dataset and has not landed yet.

    datasets: these alone; none given: all.
    day: what arrived on this day, also where it has landed before.
    """

    datasets: tuple[str, ...] = ()
    day: date | None = None

    def choose(self) -> dict[str, Any]:
        """What to run job `land` with: its partition, the assets of it, its tags."""
        day = self.day or datetime.now(UTC).date()
        return {
            "partition_key": day.isoformat(),
            "asset_selection": [landing_key(dataset) for dataset in self.datasets] or None,
            "tags": {} if self.day else {CATCH_UP: "true"},
        }
