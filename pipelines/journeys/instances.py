"""When an instance of a journey opens, which one an interaction concerns, and what ends it besides a terminal stage.

Put here: entry, re-entry, correlation, exits, exclusions. Keep out: the map (stages.py), deadlines (spec.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.journeys.matching import read_touchpoints, read_where
from pipelines.journeys.model import REENTRY, Exclusion, Exit, Stage
from pipelines.journeys.problems import Problems, nearest
from pipelines.journeys.stages import read_stage_pair
from quality.company import Touchpoint

KEYS = ("order_id", "case_id")  # what every interaction may carry; any other key is an attribute


def read_entry(
    value: Any,
    problems: Problems,
    touchpoints: Mapping[str, Touchpoint],
    stages: tuple[Stage, ...],
    exits: tuple[Exit, ...],
) -> tuple[tuple[str, ...], str, int | None]:
    """What opens an instance: touchpoints, the mode of re-entry ("" where it is none), the cooldown in seconds."""
    raw = problems.mapping(value, "entry", ["touchpoints", "reentry"])
    entry = read_touchpoints(raw.get("touchpoints"), "entry.touchpoints", problems, touchpoints)
    staged = {t for stage in stages for t in stage.touchpoints}
    ending = {t for gone in exits if not gone.where for t in gone.touchpoints}
    for position, touchpoint in enumerate(entry):
        path = f"entry.touchpoints[{position}]"
        if stages and touchpoint not in staged:
            problems.add(
                path, f"{touchpoint!r} matches no stage, so it could not open one; add it to a stage's touchpoints"
            )
        if touchpoint in ending:
            problems.add(path, f"{touchpoint!r} is also an exit, so it could not open an instance; remove one")
    return entry, *_reentry(raw.get("reentry", "after_end"), problems)


def read_correlation(
    value: Any, problems: Problems, reentry: str, entry: tuple[str, ...], touchpoints: Mapping[str, Touchpoint]
) -> str | None:
    """The key that tells parallel instances apart.

    Args:
        reentry: only `parallel` has a key, and needs one.
        entry: the entry touchpoints; each must declare a key that is an attribute, else it could never open anything.
    """
    path = "correlate_by"
    if value is None:
        if reentry == "parallel":
            problems.add(path, "seen nothing; parallel instances need a key: order_id, case_id or an attribute")
        return None
    if reentry not in ("parallel", ""):
        problems.add(path, f"only parallel instances have a key, and entry.reentry is {reentry!r}; change one")
    if not isinstance(value, str):
        problems.add(path, f"seen a {type(value).__name__}; allowed: order_id, case_id or the name of an attribute")
        return None
    if value in KEYS:
        return value
    for name in (n for n in entry if n in touchpoints and value not in touchpoints[n].attributes):
        allowed = (*KEYS, *touchpoints[name].attributes)
        problems.add(
            path,
            f"entry touchpoint {name!r} does not declare attribute {value!r}, so it could open no instance; allowed: "
            f"{', '.join(allowed)}{nearest(value, allowed)}; or add it to touchpoints.yml",
        )
    return value


def read_exits(value: Any, problems: Problems, touchpoints: Mapping[str, Touchpoint]) -> tuple[Exit, ...]:
    """What ends an open instance without a visit."""
    exits = []
    for position, item in enumerate(problems.items(value, "exits", "exits", needed=False)):
        path = f"exits[{position}]"
        raw = problems.mapping(item, path, ["touchpoints", "where", "outcome"])
        problems.one_of(raw.get("outcome", "exited"), f"{path}.outcome", ["exited"])
        names = read_touchpoints(raw.get("touchpoints"), f"{path}.touchpoints", problems, touchpoints)
        exits.append(Exit(names, read_where(raw.get("where"), f"{path}.where", problems, names, touchpoints)))
    return tuple(exits)


def read_exclusions(
    value: Any, problems: Problems, touchpoints: Mapping[str, Touchpoint], stages: tuple[Stage, ...]
) -> tuple[Exclusion, ...]:
    """What voids an open instance; their numbers count from 1."""
    exclusions = []
    for position, item in enumerate(problems.items(value, "exclude", "exclusions", needed=False)):
        path = f"exclude[{position}]"
        raw = problems.mapping(item, path, ["between", "touchpoints", "where", "effect"])
        problems.one_of(raw.get("effect", "void"), f"{path}.effect", ["void"])
        names = read_touchpoints(raw.get("touchpoints"), f"{path}.touchpoints", problems, touchpoints)
        where = read_where(raw.get("where"), f"{path}.where", problems, names, touchpoints)
        exclusions.append(Exclusion(names, where, _between(raw.get("between"), f"{path}.between", problems, stages)))
    return tuple(exclusions)


def _between(value: Any, path: str, problems: Problems, stages: tuple[Stage, ...]) -> tuple[str, str] | None:
    if value is None or (pair := read_stage_pair(value, path, problems, stages)) is None:
        return None
    if pair[0] == pair[1]:
        problems.add(path, f"{pair[0]!r} twice: nothing lies between a stage and itself; name two stages")
    elif next(s for s in stages if s.stage_id == pair[0]).terminal is not None:
        problems.add(path, f"{pair[0]!r} is terminal, so nothing follows it; name a stage before it")
    return pair


def _reentry(value: Any, problems: Problems) -> tuple[str, int | None]:
    mode, colon, duration = value.partition(":") if isinstance(value, str) else (value, "", "")
    path, cooling = "entry.reentry", "after_cooldown"
    if mode == cooling:
        if not colon:
            problems.add(
                path, f"seen {cooling!r} without a time; allowed: {cooling} and a duration, like {cooling}:30d"
            )
            return cooling, None
        return cooling, problems.duration(duration, path)
    if colon and mode in REENTRY:
        problems.add(path, f"seen {value!r}; only {cooling} takes a duration, like {cooling}:30d; remove it")
    allowed = [f"{cooling}:30d" if known == cooling else known for known in REENTRY]
    return problems.one_of(mode, path, allowed) or "", None
