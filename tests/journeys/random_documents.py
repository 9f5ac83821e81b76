"""Random journeys that use every word of the YAML.

Put here: what a drawn file says. Keep out: samples of many (random_journeys.py), small ones (small_walks.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from pipelines.journeys.model import REENTRY, Journey
from pipelines.journeys.spec import read_journey
from pipelines.journeys.stages import MAX_STAGES
from quality.company import Touchpoint

TOUCHPOINTS = {name: Touchpoint(name, name, attributes=("size", "paid", "trip")) for name in "abcdefgh"}
LONG_JOURNEY = 15  # this number has as many stages as a journey may have
KEYS = ("order_id", "case_id", "trip")
FILTERS = ({"size": 1}, {"size": [1, 2]}, {"paid": ["yes", True]}, {"size": [2, 3], "paid": "no"})
SHORT, LONG = ("30m", "1h", "2h"), ("2h", "1d", "3d")


class Dice(Protocol):
    """What decides: a seeded generator for many, hypothesis for small ones that shrink."""

    def pick(self, options: Sequence) -> Any: ...

    def some(self, options: Sequence, most: int) -> list: ...

    def happens(self, share: float) -> bool: ...


class SeededDice:
    """Dice of a numpy generator."""

    def __init__(self, rng: np.random.Generator):
        self.rng = rng

    def pick(self, options: Sequence) -> Any:
        return options[int(self.rng.integers(len(options)))]

    def some(self, options: Sequence, most: int) -> list:
        count = int(self.rng.integers(1, min(most, len(options)) + 1))
        return [options[int(n)] for n in self.rng.choice(len(options), count, replace=False)]

    def happens(self, share: float) -> bool:
        return bool(self.rng.random() < share)


def journey_by(dice: Dice, number: int, folder: Path, touchpoints: str = "abcdefgh") -> Journey:
    """One journey through its YAML file; its number decides re-entry and entity, so a dozen have them all."""
    file = folder / f"j{number}.yml"
    file.write_text(json.dumps(draw_document(dice, number, touchpoints)))  # JSON is YAML, and written in no time
    return read_journey(file, TOUCHPOINTS)


def draw_document(dice: Dice, number: int, touchpoints: str) -> dict:
    """What a journey file says."""
    count = MAX_STAGES if number == LONG_JOURNEY else dice.pick(range(2, 7))
    stages = [_draw_stage(dice, position, touchpoints, min(0.2, 1.2 / count)) for position in range(count)]
    entry = dice.some(sorted({t for stage in stages for t in stage["touchpoints"]}), 3)
    mode = REENTRY[number % len(REENTRY)]
    document = {
        **{"journey": f"j{number}", "version": 1, "status": "approved", "use_case": "exploration"},
        "entity": "account" if number % 3 == 2 else "customer",
        "entry": {
            "touchpoints": entry,
            "reentry": f"{mode}:{dice.pick(SHORT + LONG)}" if mode == "after_cooldown" else mode,
        },
        "stages": stages,
        "timeouts": {
            **({"inactivity": dice.pick(SHORT + LONG)} if dice.happens(0.7) else {}),
            **({"max_duration": dice.pick(LONG)} if dice.happens(0.4) else {}),
        },
        "exclude": [_draw_exclusion(dice, stages, touchpoints) for _ in range(dice.pick([0, 1, 1, 2]))],
        "exits": [_draw_exit(dice, entry, touchpoints)] if dice.happens(0.5) else [],
    }
    if mode == "parallel":
        document["correlate_by"] = KEYS[number // len(REENTRY) % len(KEYS)]
    open_ids = [stage["id"] for stage in stages if "terminal" not in stage]
    if open_ids and dice.happens(0.3):
        document["transitions"] = [[open_ids[0], s["id"]] for s in stages if s["id"] != open_ids[0]]
    return document


def _draw_stage(dice: Dice, position: int, touchpoints: str, terminal_share: float) -> dict:
    stage: dict = {"id": f"s_{position}"}
    if dice.happens(terminal_share):
        stage |= {"terminal": dice.pick(["converted", "declined"]), "touchpoints": dice.some(touchpoints, 1)}
    else:
        stage["touchpoints"] = dice.some(touchpoints, 4)
        if dice.happens(0.3):
            stage["max_wait"] = dice.pick(SHORT + LONG)
    if dice.happens(0.3):
        stage["where"] = dice.pick(FILTERS)
    if dice.happens(0.5):
        stage["sla"] = dice.pick(["15m", "45m", "1d"])
    return stage | {"mandatory": dice.happens(0.7)}


def _draw_exclusion(dice: Dice, stages: list[dict], touchpoints: str) -> dict:
    exclusion: dict = {"touchpoints": dice.some(touchpoints, 2), "effect": "void"}
    if dice.happens(0.7):
        exclusion["where"] = dice.pick([{"size": 3}, {"paid": "no", "size": [1, 2]}])
    after = [stage["id"] for stage in stages if "terminal" not in stage]
    if after and dice.happens(0.7):
        first = dice.pick(after)
        exclusion["between"] = [first, dice.pick([stage["id"] for stage in stages if stage["id"] != first])]
    return exclusion


def _draw_exit(dice: Dice, entry: list[str], touchpoints: str) -> dict:
    free = [name for name in touchpoints if name not in entry]
    if free and dice.happens(0.5):
        return {"touchpoints": [dice.pick(free)]}
    return {"touchpoints": dice.some(touchpoints, 2), "where": {"size": 3}}
