"""The map of a journey as a net of stages: what may follow what, and how far it is from one to another.

Put here: distances and shortest ways over the map. Keep out: what customers did (align.py), how a map is declared.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

FAR = 1 << 20  # no way leads there; longer than any way, and sums of it stay inside 32 bits


@dataclass(frozen=True)
class Net:
    """Stages by their number; before the first of them is place 0, after the last move lies `end`."""

    stages: tuple[str, ...]
    mandatory: np.ndarray  # by stage number; place 0 is False
    moves: np.ndarray  # (places, places): whether one move leads from a place to the other
    walks: np.ndarray  # (places, places): moves of the shortest way of one move or more; FAR without any

    @property
    def end(self) -> int:
        return len(self.stages) + 1

    @property
    def shortest(self) -> int:
        """Stages of the shortest complete walk; FAR or more where the map has none."""
        return int(self.walks[0, self.end]) - 1

    def between(self, start: int, end: int) -> list[int]:
        """The stages a shortest way passes between two places, the smallest number first where several would do."""
        passed = []
        while self.walks[start, end] > 1:
            nearer = self.moves[start] & (self.walks[:, end] == self.walks[start, end] - 1)
            start = int(np.argmax(nearer))
            passed.append(start)
        return passed


@lru_cache(maxsize=1024)
def read_net(text: str) -> Net:
    """The net of a journey version.

    Args:
        text: `control.journeys.net`, JSON: the `stages` in order, the numbers of those that are `mandatory`, an
            `entry` or `final`, and the `moves` [from, to].
    """
    told = json.loads(text)
    end = len(told["stages"]) + 1
    moves = np.zeros((end + 1, end + 1), dtype=bool)
    for start, stage in [*((0, stage) for stage in told["entry"]), *told["moves"], *((s, end) for s in told["final"])]:
        moves[start, stage] = True
    walks = np.where(moves, 1, FAR).astype(np.int32)
    for passed in range(1, end):  # Floyd 1962; a place is no way to itself, so a circle has its own length
        np.minimum(walks, walks[:, passed, None] + walks[None, passed, :], out=walks)
    mandatory = np.zeros(end + 1, dtype=bool)
    mandatory[told["mandatory"]] = True
    return Net(tuple(told["stages"]), mandatory, moves, walks)
