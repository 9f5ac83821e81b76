"""The map of a journey: its stages and the ways between them.

Put here: what a stage and a transition may say. Keep out: how instances open and end (instances.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.journeys.matching import read_touchpoints, read_where
from pipelines.journeys.model import Stage
from pipelines.journeys.problems import Problems
from quality.company import Touchpoint

RESERVED_OUTCOMES = ("in_progress", "exited", "dropped", "restarted", "void")
MAX_STAGES = 60  # a set of stages travels as the bits of one BIGINT

STAGE_KEYS = (
    *("id", "name", "touchpoints", "where", "mandatory", "terminal", "sla", "max_wait", "moment_of_truth", "expects"),
)
EXPECT_KEYS = ("csat", "effort", "sentiment", "duration_p50", "emotion")


def read_stages(value: Any, problems: Problems, touchpoints: Mapping[str, Touchpoint]) -> tuple[Stage, ...]:
    """The stages in declared order; their numbers count from 1."""
    stages, seen = [], {}
    for position, item in enumerate(problems.items(value, "stages", "stages")):
        path = f"stages[{position}]"
        raw = problems.mapping(item, path, STAGE_KEYS)
        stage_id = problems.identifier(raw.get("id"), f"{path}.id") or ""
        if stage_id and stage_id in seen:
            problems.add(f"{path}.id", f"{stage_id!r} is already the id of {seen[stage_id]}; ids are unique")
        seen.setdefault(stage_id, path)
        names = read_touchpoints(raw.get("touchpoints"), f"{path}.touchpoints", problems, touchpoints)
        terminal = _terminal(raw.get("terminal"), f"{path}.terminal", problems)
        stages.append(
            Stage(
                stage_id=stage_id,
                name=problems.text(raw.get("name"), f"{path}.name") or stage_id.replace("_", " "),
                touchpoints=names,
                where=read_where(raw.get("where"), f"{path}.where", problems, names, touchpoints),
                is_mandatory=problems.flag(raw.get("mandatory", True), f"{path}.mandatory"),
                terminal=terminal,
                sla_s=problems.duration(raw.get("sla"), f"{path}.sla"),
                max_wait_s=_max_wait(raw.get("max_wait"), f"{path}.max_wait", problems, terminal),
                is_moment_of_truth=problems.flag(raw.get("moment_of_truth", False), f"{path}.moment_of_truth"),
                expects=_expects(raw.get("expects"), f"{path}.expects", problems),
            )
        )
    if len(stages) > MAX_STAGES:
        problems.add("stages", f"seen {len(stages)} stages; allowed: at most {MAX_STAGES}; split the journey")
    return tuple(stages)


def read_transitions(value: Any, problems: Problems, stages: tuple[Stage, ...]) -> tuple[tuple[str, str], ...]:
    """The declared ways from stage to stage; empty where none are declared."""
    final = {s.stage_id: s.terminal is not None for s in stages}
    pairs: dict[tuple[str, str], None] = {}
    for position, item in enumerate(problems.items(value, "transitions", "[from, to] pairs", needed=False)):
        path = f"transitions[{position}]"
        if (pair := read_stage_pair(item, path, problems, stages)) is None:
            continue
        if pair[0] == pair[1]:
            problems.add(path, f"{pair[0]!r} to itself: staying in a stage is one visit; remove the pair")
        elif final[pair[0]]:
            problems.add(path, f"{pair[0]!r} is terminal, so nothing follows it; remove the pair")
        elif pair in pairs:
            problems.add(path, f"[{pair[0]}, {pair[1]}] is declared twice; remove one")
        pairs[pair] = None
    return tuple(pairs)


def read_stage_pair(value: Any, path: str, problems: Problems, stages: tuple[Stage, ...]) -> tuple[str, str] | None:
    """Two ids of declared stages, or None where it is something else."""
    if not isinstance(value, list) or len(value) != 2:
        problems.add(path, "allowed: a pair of stage ids, [from, to]")
        return None
    names = [s.stage_id for s in stages]
    first, second = (problems.one_of(name, f"{path}[{side}]", names) for side, name in enumerate(value))
    return None if first is None or second is None else (first, second)


def _terminal(value: Any, path: str, problems: Problems) -> str | None:
    if value is None:
        return None
    if value in RESERVED_OUTCOMES:
        problems.add(path, f"seen {value!r}, which has a meaning of its own; allowed: converted, or a name of yours")
        return None
    return problems.identifier(value, path)


def _max_wait(value: Any, path: str, problems: Problems, terminal: str | None) -> int | None:
    seconds = problems.duration(value, path)
    if seconds is not None and terminal is not None:
        problems.add(path, "the stage is terminal, so its visit ends as it begins and nobody waits in it; remove one")
    return seconds


def _expects(value: Any, path: str, problems: Problems) -> dict[str, float | int | str]:
    raw = problems.mapping(value or {}, path, EXPECT_KEYS)
    expects: dict[str, float | int | str] = {}
    for key in ("csat", "effort", "sentiment"):
        if key in raw:
            if isinstance(raw[key], bool) or not isinstance(raw[key], (int, float)):
                problems.add(f"{path}.{key}", f"seen {raw[key]!r}; allowed: a number")
            else:
                expects[key] = raw[key]
    if (seconds := problems.duration(raw.get("duration_p50"), f"{path}.duration_p50")) is not None:
        expects["duration_p50_s"] = seconds
    if emotion := problems.text(raw.get("emotion"), f"{path}.emotion"):
        expects["emotion"] = emotion
    return expects
