"""What one version of a journey says otherwise than the version before it.

Put here: the list of differences. Keep out: whether a published version may change at all (released.py).
"""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple

from pipelines.journeys.model import Journey, Stage, Where
from pipelines.journeys.problems import SECONDS


class Change(NamedTuple):
    """One difference: what kind of thing was added, removed, changed or moved, where, and what it said."""

    kind: str
    change: str
    path: str
    before: str | None
    after: str | None


class _Said(NamedTuple):
    kind: str
    text: str


def list_changes(before: Journey, after: Journey) -> list[Change]:
    """Every difference between two versions: stages first, then what the earlier said, then what only the later says.

    A stage that came or went is one change, whatever it holds; a stage moved if it left the longest run of stages that
    kept their order.
    """
    old, new = before.stage_no, after.stage_no
    common = old.keys() & new.keys()
    moved = _moved([s for s in old if s in common], [s for s in new if s in common])
    changes = []
    for stage in dict.fromkeys([*old, *new]):
        path, places = f"stages.{stage}", (_text(old.get(stage)), _text(new.get(stage)))
        if stage not in common:
            changes.append(Change("stage", "added" if stage in new else "removed", path, *places))
        elif stage in moved:
            changes.append(Change("stage", "moved", path, *places))
    said_before, said_after = _say(before, common), _say(after, common)
    for path in dict.fromkeys([*said_before, *said_after]):
        was, now = said_before.get(path), said_after.get(path)
        if was != now:
            change = "added" if was is None else "removed" if now is None else "changed"
            changes.append(Change((now or was).kind, change, path, was and was.text, now and now.text))
    return changes


def list_version_changes(journeys: list[Journey]) -> list[tuple[Journey, Journey, list[Change]]]:
    """(before, after, changes) of consecutive versions of each journey, in the order of (journey_id, version)."""
    ordered = sorted(journeys, key=lambda j: (j.journey_id, j.version))
    return [(a, b, list_changes(a, b)) for a, b in pairwise(ordered) if a.journey_id == b.journey_id]


def _moved(old: list[str], new: list[str]) -> set[str]:
    kept = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return set(old) - {old[block.a + step] for block in kept for step in range(block.size)}


def _say(journey: Journey, stages: set[str]) -> dict[str, _Said]:
    """path -> what the file says there; of stages only those named."""
    said = {
        "status": ("status", journey.status),
        "name": ("description", journey.name),
        "owner.function": ("description", journey.owner_function),
        "use_case": ("description", journey.use_case),
        "job_to_be_done": ("description", journey.job_to_be_done),
        "parent": ("parent", journey.parent),
        "entity": ("entity", journey.entity),
        "correlate_by": ("entry", journey.correlate_by),
        "entry.reentry": ("entry", ":".join(filter(None, (journey.reentry, _duration(journey.cooldown_s))))),
        **{f"entry.touchpoints.{t}": ("touchpoint", t) for t in journey.entry_touchpoints},
        "timeouts.inactivity": ("deadline", _duration(journey.inactivity_s)),
        "timeouts.max_duration": ("deadline", _duration(journey.max_duration_s)),
    }
    for stage in journey.stages:
        if stage.stage_id in stages:
            said |= {f"stages.{stage.stage_id}.{path}": fact for path, fact in _say_stage(stage).items()}
    said |= {f"transitions.{a}>{b}": ("transition", f"{a} > {b}") for a, b in journey.transitions}
    ending = [(f"exits.{t}", "exit", _where(gone.where)) for gone in journey.exits for t in gone.touchpoints]
    for exclusion in journey.exclusions:
        between = "between {} and {}".format(*exclusion.between) if exclusion.between else "while open"
        text = f"{between}, {_where(exclusion.where)}"
        ending += [(f"exclude.{t}", "exclusion", text) for t in exclusion.touchpoints]
    for path, kind, text in sorted(ending):
        said[path] = (kind, f"{said[path][1]}; {text}" if path in said else text)
    return {path: _Said(kind, text) for path, (kind, text) in said.items() if text is not None}


def _say_stage(stage: Stage) -> dict[str, tuple[str, str | None]]:
    return {
        "name": ("description", stage.name),
        **{f"touchpoints.{t}": ("touchpoint", t) for t in stage.touchpoints},
        **{f"where.{attribute}": ("where", ", ".join(allowed)) for attribute, allowed in stage.where},
        "mandatory": ("funnel", _text(stage.is_mandatory)),
        "terminal": ("outcome", stage.terminal),
        "sla": ("sla", _duration(stage.sla_s)),
        "max_wait": ("deadline", _duration(stage.max_wait_s)),
        "moment_of_truth": ("description", _text(stage.is_moment_of_truth)),
        **{f"expects.{name}": ("expectation", _text(wanted)) for name, wanted in stage.expects.items()},
    }


def _where(where: Where) -> str:
    return " and ".join(f"{attribute} = {' or '.join(allowed)}" for attribute, allowed in where) or "always"


def _duration(seconds: int | None) -> str | None:
    """As an author would write it, like 14d."""
    if seconds is None:
        return None
    unit = next(name for name in "dhms" if seconds % SECONDS[name] == 0)
    return f"{seconds // SECONDS[unit]}{unit}"


def _text(value: object) -> str | None:
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
