"""Reading and judging journey files.

Put here: what a journey file may say. Keep out: the tables made from it (compile.py), dbt.
Every fault of a file is reported at once, so that an author needs one round, not ten.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pipelines.journeys.model import Exit, Journey, JourneyError, Stage, Where
from pipelines.journeys.problems import IDENTIFIER, Problems, nearest
from quality.company import Touchpoint

STATUSES = ("assumed", "discovered", "approved", "future")
USE_CASES = ("acquisition", "sales_personalisation", "exploration", "service_efficiency", "engagement_retention")
RESERVED_OUTCOMES = ("in_progress", "exited", "dropped", "restarted", "void")
MAX_STAGES = 60  # a set of stages travels as the bits of one BIGINT

JOURNEY_KEYS = (
    *("journey", "version", "status", "name", "owner", "use_case", "job_to_be_done", "parent", "entity", "entry"),
    *("timeouts", "stages", "transitions", "exits", "value"),
)
JOURNEY_LATER = {
    "correlate_by": "parallel instances are",
    "exclude": "exclusions are",
    "actions": "actions are",
}
STAGE_KEYS = (*("id", "name", "touchpoints", "where", "mandatory", "terminal", "sla", "moment_of_truth", "expects"),)
EXPECT_KEYS = ("csat", "effort", "sentiment", "duration_p50", "emotion")


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
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
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
    if raw.get("entity", "customer") == "account":
        problems.add("entity", "journeys of accounts are not yet supported; allowed: customer")
    else:
        problems.one_of(raw.get("entity", "customer"), "entity", ["customer"])
    if raw.get("value") is not None:
        problems.one_of(raw["value"], "value", ["interaction.value"])
    owner = problems.mapping(raw.get("owner") or {}, "owner", ["function"])
    timeouts = problems.mapping(
        raw.get("timeouts") or {}, "timeouts", ["inactivity"], {"max_duration": "a limit on the whole journey is"}
    )
    stages = _stages(raw.get("stages"), problems, touchpoints)
    exits = _exits(raw.get("exits"), problems, touchpoints)
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
        entity="customer",
        entry_touchpoints=_entry(raw.get("entry"), problems, touchpoints, stages, exits),
        inactivity_s=problems.duration(timeouts.get("inactivity"), "timeouts.inactivity"),
        stages=stages,
        exits=exits,
        transitions=_transitions(raw.get("transitions"), problems, stages),
        fingerprint=hashlib.sha256(
            json.dumps(document, sort_keys=True, separators=(",", ":"), default=str).encode()
        ).hexdigest(),
    )


def _parent(value: Any, journey_id: Any, problems: Problems) -> str | None:
    parent = problems.text(value, "parent")
    if parent is not None and not all(IDENTIFIER.fullmatch(part) for part in parent.split(".")):
        problems.add("parent", f"seen {parent!r}; allowed: lower-case names joined by dots, like lifecycle.buy")
    if parent is not None and parent == journey_id:
        problems.add("parent", f"{parent!r} is this journey itself; name the journey or life-cycle phase above it")
    return parent


def _entry(
    value: Any,
    problems: Problems,
    touchpoints: Mapping[str, Touchpoint],
    stages: tuple[Stage, ...],
    exits: tuple[Exit, ...],
) -> tuple[str, ...]:
    raw = problems.mapping(value, "entry", ["touchpoints", "reentry"])
    reentry = raw.get("reentry", "after_end")
    if reentry != "after_end":
        problems.add("entry.reentry", f"seen {reentry!r}; not yet supported; allowed: after_end")
    entry = _touchpoints(raw.get("touchpoints"), "entry.touchpoints", problems, touchpoints)
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
    return entry


def _stages(value: Any, problems: Problems, touchpoints: Mapping[str, Touchpoint]) -> tuple[Stage, ...]:
    stages, seen = [], {}
    later = {"max_wait": "a limit on the time in a stage is"}
    for position, item in enumerate(problems.items(value, "stages", "stages")):
        path = f"stages[{position}]"
        raw = problems.mapping(item, path, STAGE_KEYS, later)
        stage_id = problems.identifier(raw.get("id"), f"{path}.id") or ""
        if stage_id and stage_id in seen:
            problems.add(f"{path}.id", f"{stage_id!r} is already the id of {seen[stage_id]}; ids are unique")
        seen.setdefault(stage_id, path)
        names = _touchpoints(raw.get("touchpoints"), f"{path}.touchpoints", problems, touchpoints)
        stages.append(
            Stage(
                stage_id=stage_id,
                name=problems.text(raw.get("name"), f"{path}.name") or stage_id.replace("_", " "),
                touchpoints=names,
                where=_where(raw.get("where"), f"{path}.where", problems, names, touchpoints),
                is_mandatory=problems.flag(raw.get("mandatory", True), f"{path}.mandatory"),
                terminal=_terminal(raw.get("terminal"), f"{path}.terminal", problems),
                sla_s=problems.duration(raw.get("sla"), f"{path}.sla"),
                is_moment_of_truth=problems.flag(raw.get("moment_of_truth", False), f"{path}.moment_of_truth"),
                expects=_expects(raw.get("expects"), f"{path}.expects", problems),
            )
        )
    if len(stages) > MAX_STAGES:
        problems.add("stages", f"seen {len(stages)} stages; allowed: at most {MAX_STAGES}; split the journey")
    return tuple(stages)


def _terminal(value: Any, path: str, problems: Problems) -> str | None:
    if value is None:
        return None
    if value in RESERVED_OUTCOMES:
        problems.add(path, f"seen {value!r}, which has a meaning of its own; allowed: converted, or a name of yours")
        return None
    return problems.identifier(value, path)


def _exits(value: Any, problems: Problems, touchpoints: Mapping[str, Touchpoint]) -> tuple[Exit, ...]:
    exits = []
    for position, item in enumerate(problems.items(value, "exits", "exits", needed=False)):
        path = f"exits[{position}]"
        raw = problems.mapping(item, path, ["touchpoints", "where", "outcome"])
        problems.one_of(raw.get("outcome", "exited"), f"{path}.outcome", ["exited"])
        names = _touchpoints(raw.get("touchpoints"), f"{path}.touchpoints", problems, touchpoints)
        exits.append(Exit(names, _where(raw.get("where"), f"{path}.where", problems, names, touchpoints)))
    return tuple(exits)


def _transitions(value: Any, problems: Problems, stages: tuple[Stage, ...]) -> tuple[tuple[str, str], ...]:
    final = {s.stage_id: s.terminal is not None for s in stages}
    pairs: dict[tuple[str, str], None] = {}
    for position, item in enumerate(problems.items(value, "transitions", "[from, to] pairs", needed=False)):
        path = f"transitions[{position}]"
        if not isinstance(item, list) or len(item) != 2:
            problems.add(path, "allowed: a pair of stage ids, [from, to]")
            continue
        known = [problems.one_of(name, f"{path}[{side}]", final) for side, name in enumerate(item)]
        if None in known:
            continue
        pair = (known[0], known[1])
        if pair[0] == pair[1]:
            problems.add(path, f"{pair[0]!r} to itself: staying in a stage is one visit; remove the pair")
        elif final[pair[0]]:
            problems.add(path, f"{pair[0]!r} is terminal, so nothing follows it; remove the pair")
        elif pair in pairs:
            problems.add(path, f"[{pair[0]}, {pair[1]}] is declared twice; remove one")
        pairs[pair] = None
    return tuple(pairs)


def _touchpoints(value: Any, path: str, problems: Problems, touchpoints: Mapping[str, Touchpoint]) -> tuple[str, ...]:
    names: dict[str, None] = {}
    for position, name in enumerate(problems.items(value, path, "touchpoints")):
        if not isinstance(name, str) or name not in touchpoints:
            problems.add(
                f"{path}[{position}]",
                f"unknown touchpoint {name!r}; declare it in touchpoints.yml or use one of its "
                f"{len(touchpoints)}{nearest(name, touchpoints)}",
            )
        elif name in names:
            problems.add(f"{path}[{position}]", f"{name!r} is listed twice; remove one")
        names[str(name)] = None
    return tuple(names)


def _where(
    value: Any, path: str, problems: Problems, names: tuple[str, ...], touchpoints: Mapping[str, Touchpoint]
) -> Where:
    if value is None:
        return ()
    if not isinstance(value, dict) or not value:
        problems.add(path, "allowed: a mapping from attribute to a literal or a list of literals")
        return ()
    conditions = []
    for attribute, wanted in value.items():
        for name in (n for n in names if n in touchpoints and attribute not in touchpoints[n].attributes):
            declared = touchpoints[name].attributes
            problems.add(
                f"{path}.{attribute}",
                f"touchpoint {name!r} does not declare attribute {attribute!r}, so it could never match; allowed: "
                f"{', '.join(declared) or 'none'}{nearest(attribute, declared)}; add it to touchpoints.yml",
            )
        literals = wanted if isinstance(wanted, list) else [wanted]
        if not literals or not all(isinstance(x, (str, int, float, bool)) for x in literals):
            problems.add(f"{path}.{attribute}", "allowed: text, a number, true, false, or a list of them")
            continue
        conditions.append((str(attribute), tuple(sorted({_literal(x) for x in literals}))))
    return tuple(sorted(conditions))


def _literal(value: str | int | float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


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
