"""Whether every published version of a journey still says what it said when it was published.

Put here: the judgement against the released copies. Keep out: making those copies (pipelines/publish/release.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from pipelines.journeys.model import Journey
from pipelines.journeys.spec import fingerprint


def list_changed_releases(journeys: list[Journey], released: Path) -> list[str]:
    """A problem for every journey file that says otherwise than the published version it calls itself.

    Comments, layout and the order of keys say nothing. A version without a file is retired, and no problem.

    Args:
        journeys: as `load_journeys` gives them.
        released: folder of `<journey>@<version>.yml`; one that is missing holds no version.
    """
    problems = []
    for journey in journeys:
        file = released / f"{journey.journey_key}.yml"
        if not file.is_file():
            continue
        said = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        if fingerprint(said) == journey.fingerprint:
            continue
        now = yaml.load(journey.file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        problems.append(
            f"{journey.file}: version: {journey.journey_key} is published and says otherwise in "
            f"{', '.join(_differing(said, now))}; a published version never changes; set version: "
            f"{_next_version(journey, journeys, released)}, or put back what {file} says"
        )
    return problems


def list_retired(journeys: list[Journey], released: Path) -> list[str]:
    """Published versions (`<journey>@<version>`) that have no file any more, sorted by name."""
    return sorted({file.stem for file in released.glob("*@*.yml")} - {j.journey_key for j in journeys})


def _differing(said: Any, now: Any) -> list[str]:
    if not isinstance(said, dict):
        return list(now)
    return [key for key in {**said, **now} if said.get(key) != now.get(key)]


def _next_version(journey: Journey, journeys: list[Journey], released: Path) -> int:
    used = [j.version for j in journeys if j.journey_id == journey.journey_id]
    used += [int(file.stem.partition("@")[2]) for file in released.glob(f"{journey.journey_id}@*.yml")]
    return max(used) + 1
