"""What the walk must know of a journey, from the JSON of `control.journeys.rules`.

Put here: reading that JSON and spreading it over the sequences of a call. Keep out: what happens at a row (walk.py).
Instants and spans are microseconds; a set of stages is the bits of one number, stage n the bit 2^(n-1).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import md5

import numpy as np

NEVER = 1 << 61  # longer than any span between two instants; sums of two of them still fit
SECOND = 1_000_000


@dataclass(frozen=True)
class Rules:
    """One journey version, as the walk reads it."""

    key: bytes  # md5 of its journey_key
    inactivity: int
    max_duration: int
    max_wait: tuple[int, ...]  # of stage n at place n; place 0 is no stage
    rest: int  # from the end of an instance until another may open
    is_restarting: bool
    is_parallel: bool
    terminal: int  # set of stages
    exclusions: tuple[tuple[int, int], ...]  # (stages one of which must have been visited, stages none of which may)
    stages: tuple[str, ...]  # ids, in order


@lru_cache(maxsize=1024)
def read_rules(text: str) -> Rules:
    """Rules from their JSON, as `compile_journeys` writes it."""
    raw = json.loads(text)
    rest = {"never": NEVER, "after_cooldown": _span(raw["cooldown_s"])}
    return Rules(
        key=md5(raw["journey_key"].encode(), usedforsecurity=False).digest(),
        inactivity=_span(raw["inactivity_s"]),
        max_duration=_span(raw["max_duration_s"]),
        max_wait=(NEVER, *(_span(seconds) for seconds in raw["max_wait_s"])),
        rest=rest.get(raw["reentry"], 0),
        is_restarting=raw["reentry"] == "restart",
        is_parallel=raw["reentry"] == "parallel",
        terminal=sum(1 << place for place, is_terminal in enumerate(raw["terminal"]) if is_terminal),
        exclusions=tuple((_stage(after), _stage(before)) for after, before in raw["exclusions"]),
        stages=tuple(raw["stages"]),
    )


def _span(seconds: int | None) -> int:
    return NEVER if seconds is None else seconds * SECOND


def _stage(number: int | None) -> int:
    return 0 if number is None else 1 << (number - 1)


class RuleTable:
    """The rules of several sequences as arrays, one entry a sequence."""

    def __init__(self, distinct: Sequence[Rules], which: np.ndarray):
        """
        Args:
            distinct: the rules that occur; one at least.
            which: of each sequence, the place of its rules in `distinct`.
        """
        self.which = which
        self.keys = [r.key for r in distinct]
        self.stages = [r.stages for r in distinct]
        self.inactivity = self._spread([r.inactivity for r in distinct])
        self.max_duration = self._spread([r.max_duration for r in distinct])
        self.rest = self._spread([r.rest for r in distinct])
        self.terminal = self._spread([r.terminal for r in distinct])
        self.is_restarting = np.array([r.is_restarting for r in distinct])[which]
        self.is_parallel = np.array([r.is_parallel for r in distinct])[which]
        self.has_max_wait = any(min(r.max_wait) < NEVER for r in distinct)
        self.has_max_duration = any(r.max_duration < NEVER for r in distinct)
        self.has_rest = any(r.rest for r in distinct)
        stages = max(len(r.max_wait) for r in distinct)
        self._max_wait = np.array([[*r.max_wait, *[NEVER] * (stages - len(r.max_wait))] for r in distinct])
        most = max(len(r.exclusions) for r in distinct)
        #: (after, before) of exclusion 1, 2, …, each one entry a sequence
        self.exclusions = [
            tuple(self._spread([(*r.exclusions, *[(0, 0)] * most)[place][side] for r in distinct]) for side in (0, 1))
            for place in range(most)
        ]

    def _spread(self, values: list[int]) -> np.ndarray:
        return np.array(values, dtype=np.int64)[self.which]

    def max_wait(self, sequence: np.ndarray | slice, stage_no: np.ndarray) -> np.ndarray:
        """The longest stay in a stage, of each sequence and stage."""
        return self._max_wait[self.which[sequence], stage_no]


def stage_number(stage: np.ndarray) -> np.ndarray:
    """The number of the only stage in each set; 0 of an empty set."""
    return np.frexp(stage.astype(np.float64))[1]  # exact: a power of two
