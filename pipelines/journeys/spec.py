"""Reading and judging journey files.

Put here: the file, and what it says of the journey as a whole. Keep out: its map (stages.py), how its instances open
and end (instances.py), the tables made from it (compile.py), dbt.
Every fault of a file is reported at once, so that an author needs one round, not ten.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pipelines.journeys.atlas import list_parent_faults
from pipelines.journeys.instances import read_correlation, read_entry, read_exclusions, read_exits
from pipelines.journeys.model import Journey, JourneyError
from pipelines.journeys.problems import IDENTIFIER, Problems
from pipelines.journeys.stages import read_stages, read_transitions
from quality.company import Touchpoint

STATUSES = ("assumed", "discovered", "approved", "future")
USE_CASES = ("acquisition", "sales_personalisation", "exploration", "service_efficiency", "engagement_retention")
ENTITIES = ("customer", "account")

JOURNEY_KEYS = (
    *("journey", "version", "status", "name", "owner", "use_case", "job_to_be_done", "parent", "entity"),
    *("correlate_by", "entry", "timeouts", "stages", "transitions", "exits", "exclude", "value"),
)
JOURNEY_LATER = {"actions": "actions are"}


def load_journeys(folder: Path, touchpoints: Mapping[str, Touchpoint]) -> list[Journey]:
    """Every journey of a company, in the order of (journey_id, version).

    Args:
        folder: `<company>/journeys`; `*.yml` and `*.yaml` are read; a missing folder holds no journey.
        touchpoints: the company's touchpoints by id.
    Raises:
        JourneyError: all faults of all files together.
    """
    problems: list[str] = []
    journeys: dict[str, Journey] = {}
    for file in sorted(f for f in folder.glob("*") if f.suffix in (".yml", ".yaml")):
        try:
            journey = read_journey(file, touchpoints)
        except JourneyError as fault:
            problems += fault.problems
            continue
        if earlier := journeys.get(journey.journey_key):
            problems.append(
                f"{file}: version: {journey.journey_key} is already declared in {earlier.file}; raise the version"
            )
        journeys[journey.journey_key] = journey
    problems += list_parent_faults(journeys.values())
    if problems:
        raise JourneyError(problems)
    return sorted(journeys.values(), key=lambda j: (j.journey_id, j.version))


def read_journey(path: Path, touchpoints: Mapping[str, Touchpoint]) -> Journey:
    """One journey file, validated.

    Args:
        path: the YAML file.
        touchpoints: the company's touchpoints by id; every touchpoint and attribute must be declared there.
    Raises:
        JourneyError: every fault of the file, each with file, path, seen, allowed and the nearest name.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise JourneyError([f"{path}: not readable as YAML: {str(fault).splitlines()[0]}; correct the file"]) from fault
    problems = Problems(path)
    journey = _journey(document, problems, touchpoints)
    if problems.found:
        raise JourneyError(problems.found)
    return journey


def _journey(document: Any, problems: Problems, touchpoints: Mapping[str, Touchpoint]) -> Journey:
    raw = problems.mapping(document, "", JOURNEY_KEYS, JOURNEY_LATER)
    version = raw.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        problems.add("version", f"seen {version!r}; allowed: a whole number from 1")
    if raw.get("value") is not None:
        problems.one_of(raw["value"], "value", ["interaction.value"])
    owner = problems.mapping(raw.get("owner") or {}, "owner", ["function"])
    timeouts = problems.mapping(raw.get("timeouts") or {}, "timeouts", ["inactivity", "max_duration"])
    stages = read_stages(raw.get("stages"), problems, touchpoints)
    exits = read_exits(raw.get("exits"), problems, touchpoints)
    entry, reentry, cooldown_s = read_entry(raw.get("entry"), problems, touchpoints, stages, exits)
    return Journey(
        file=problems.file,
        journey_id=problems.identifier(raw.get("journey"), "journey") or "",
        version=version if isinstance(version, int) else 0,
        status=problems.one_of(raw.get("status"), "status", STATUSES) or "",
        name=problems.text(raw.get("name"), "name") or str(raw.get("journey")).replace("_", " "),
        owner_function=problems.text(owner.get("function"), "owner.function"),
        use_case=problems.one_of(raw.get("use_case"), "use_case", USE_CASES) or "",
        job_to_be_done=problems.text(raw.get("job_to_be_done"), "job_to_be_done"),
        parent=_parent(raw.get("parent"), raw.get("journey"), problems),
        entity=problems.one_of(raw.get("entity", "customer"), "entity", ENTITIES) or "",
        entry_touchpoints=entry,
        reentry=reentry,
        cooldown_s=cooldown_s,
        correlate_by=read_correlation(raw.get("correlate_by"), problems, reentry, entry, touchpoints),
        inactivity_s=problems.duration(timeouts.get("inactivity"), "timeouts.inactivity"),
        max_duration_s=problems.duration(timeouts.get("max_duration"), "timeouts.max_duration"),
        stages=stages,
        exits=exits,
        exclusions=read_exclusions(raw.get("exclude"), problems, touchpoints, stages),
        transitions=read_transitions(raw.get("transitions"), problems, stages),
        fingerprint=fingerprint(document),
    )


def fingerprint(document: Any) -> str:
    """SHA-256 of what a file says, whatever its comments, layout and order of keys."""
    text = json.dumps(_with_text_keys(document), sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _with_text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _with_text_keys(item) for key, item in value.items()}
    return [_with_text_keys(item) for item in value] if isinstance(value, list) else value


def _parent(value: Any, journey_id: Any, problems: Problems) -> str | None:
    parent = problems.text(value, "parent")
    if parent is not None and not all(IDENTIFIER.fullmatch(part) for part in parent.split(".")):
        problems.add("parent", f"seen {parent!r}; allowed: lower-case names joined by dots, like lifecycle.buy")
    if parent is not None and parent == journey_id:
        problems.add("parent", f"{parent!r} is this journey itself; name the journey or life-cycle phase above it")
    return parent
