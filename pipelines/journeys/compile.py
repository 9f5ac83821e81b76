"""Journeys as the rule tables that the dbt models read.

Put here: the shape of the `control.journey*` tables. Keep out: validation (spec.py), anything about customers.
Pure: the same journeys give the same tables, in the same order.
"""

from __future__ import annotations

import json

import pyarrow as pa

from pipelines.journeys.atlas import list_links
from pipelines.journeys.model import Journey, Where
from pipelines.journeys.versions import list_version_changes

TEXT, NUMBER, SECONDS, FLAG = pa.string(), pa.int32(), pa.int64(), pa.bool_()
SCHEMAS = {
    "journeys": pa.schema(
        {
            **{"journey_key": TEXT, "journey_no": NUMBER, "journey_id": TEXT, "version": NUMBER, "status": TEXT},
            **{"name": TEXT, "owner_function": TEXT, "use_case": TEXT, "job_to_be_done": TEXT, "parent": TEXT},
            **{"entity": TEXT, "inactivity_s": SECONDS, "is_current": FLAG, "fingerprint": TEXT},
            **{"reentry": TEXT, "cooldown_s": SECONDS, "max_duration_s": SECONDS, "correlate_by": TEXT},
            "rules": TEXT,
            "net": TEXT,
        }
    ),
    "journey_stages": pa.schema(
        {
            **{"journey_key": TEXT, "journey_no": NUMBER, "stage_no": NUMBER, "stage_id": TEXT, "name": TEXT},
            **{"is_entry": FLAG, "is_mandatory": FLAG, "terminal_outcome": TEXT, "sla_s": SECONDS},
            **{"is_moment_of_truth": FLAG, "expects": TEXT, "max_wait_s": SECONDS},
        }
    ),
    "journey_rules": pa.schema(
        {
            **{"rule_id": NUMBER, "journey_key": TEXT, "journey_no": NUMBER, "touchpoint": TEXT, "kind": TEXT},
            **{"stage_no": NUMBER, "outcome": TEXT, "exclusion_no": NUMBER},
        }
    ),
    "journey_conditions": pa.schema({"rule_id": NUMBER, "attribute": TEXT, "value": TEXT}),
    "journey_transitions": pa.schema({"journey_key": TEXT, "from_stage_no": NUMBER, "to_stage_no": NUMBER}),
    "journey_version_changes": pa.schema(
        {
            **{"journey_key": TEXT, "previous_journey_key": TEXT, "journey_id": TEXT, "version": NUMBER},
            **{"previous_version": NUMBER, "change_no": NUMBER, "kind": TEXT, "change": TEXT, "path": TEXT},
            **{"before": TEXT, "after": TEXT},
        }
    ),
    "journey_atlas": pa.schema(
        {
            **{"ancestor_id": TEXT, "ancestor_kind": TEXT, "ancestor_name": TEXT},
            **{"descendant_id": TEXT, "descendant_kind": TEXT, "descendant_name": TEXT},
            **{"depth": NUMBER, "level": NUMBER, "path": TEXT, "is_leaf": FLAG},
        }
    ),
}


def compile_journeys(journeys: list[Journey]) -> dict[str, pa.Table]:
    """The rule tables, named as in schema `control`.

    Args:
        journeys: as `load_journeys` gives them; numbers follow (journey_id, version).
    Returns:
        table name -> Arrow table; every table is there and typed, also without journeys.
    """
    rows: dict[str, list[dict]] = {name: [] for name in SCHEMAS}
    ordered = sorted(journeys, key=lambda j: (j.journey_id, j.version))
    approved = {j.journey_id: j.version for j in ordered if j.status == "approved"}  # the last one wins: the highest
    for number, journey in enumerate(ordered, start=1):
        _add_journey(rows, number, journey, is_current=approved.get(journey.journey_id) == journey.version)
    for before, after, changes in list_version_changes(ordered):
        between = {
            **{"journey_key": after.journey_key, "previous_journey_key": before.journey_key},
            **{"journey_id": after.journey_id, "version": after.version, "previous_version": before.version},
        }
        rows["journey_version_changes"] += [
            {**between, "change_no": number, **change._asdict()} for number, change in enumerate(changes, start=1)
        ]
    rows["journey_atlas"] = [link._asdict() for link in list_links(ordered)]
    return {name: pa.Table.from_pylist(rows[name], schema=schema) for name, schema in SCHEMAS.items()}


def _add_journey(rows: dict[str, list[dict]], number: int, journey: Journey, *, is_current: bool) -> None:
    key = {"journey_key": journey.journey_key, "journey_no": number}
    rows["journeys"].append(
        {
            **key,
            **{name: getattr(journey, name) for name in SCHEMAS["journeys"].names if hasattr(journey, name)},
            "is_current": is_current,
            "rules": _walk_rules(journey),
            "net": describe_net(journey),
        }
    )
    for touchpoint in journey.entry_touchpoints:
        _add_rule(rows, key, touchpoint, "entry")
    for stage_no, stage in enumerate(journey.stages, start=1):
        rows["journey_stages"].append(
            {
                **key,
                **{"stage_no": stage_no, "stage_id": stage.stage_id, "name": stage.name},
                "is_entry": stage_no in entry_stages(journey),
                **{"is_mandatory": stage.is_mandatory, "terminal_outcome": stage.terminal, "sla_s": stage.sla_s},
                "is_moment_of_truth": stage.is_moment_of_truth,
                "expects": json.dumps(stage.expects, sort_keys=True) if stage.expects else None,
                "max_wait_s": stage.max_wait_s,
            }
        )
        for touchpoint in stage.touchpoints:
            _add_rule(rows, key, touchpoint, "stage", stage.where, stage_no, stage.terminal)
    for gone in journey.exits:
        for touchpoint in gone.touchpoints:
            _add_rule(rows, key, touchpoint, "exit", gone.where, outcome=gone.outcome)
    for exclusion_no, exclusion in enumerate(journey.exclusions, start=1):
        for touchpoint in exclusion.touchpoints:
            _add_rule(rows, key, touchpoint, "exclusion", exclusion.where, outcome="void", exclusion_no=exclusion_no)
    rows["journey_transitions"] += [
        {"journey_key": journey.journey_key, "from_stage_no": a, "to_stage_no": b} for a, b in allowed_moves(journey)
    ]


def _add_rule(
    rows: dict[str, list[dict]],
    key: dict,
    touchpoint: str,
    kind: str,
    where: Where = (),
    stage_no: int | None = None,
    outcome: str | None = None,
    exclusion_no: int | None = None,
) -> None:
    rule_id = len(rows["journey_rules"]) + 1
    rows["journey_rules"].append(
        {
            **{"rule_id": rule_id, **key, "touchpoint": touchpoint, "kind": kind},
            **{"stage_no": stage_no, "outcome": outcome, "exclusion_no": exclusion_no},
        }
    )
    rows["journey_conditions"] += [
        {"rule_id": rule_id, "attribute": attribute, "value": value} for attribute, values in where for value in values
    ]


def _walk_rules(journey: Journey) -> str:
    """All that walking one journey needs besides what its interactions match, as compact JSON with sorted keys."""
    number = journey.stage_no
    rules = {
        **{"journey_key": journey.journey_key, "reentry": journey.reentry, "cooldown_s": journey.cooldown_s},
        **{"inactivity_s": journey.inactivity_s, "max_duration_s": journey.max_duration_s},
        "max_wait_s": [stage.max_wait_s for stage in journey.stages],
        "stages": [stage.stage_id for stage in journey.stages],
        "terminal": [stage.terminal is not None for stage in journey.stages],
        "exclusions": [[number[s] for s in e.between] if e.between else [None, None] for e in journey.exclusions],
    }
    return json.dumps(rules, sort_keys=True, separators=(",", ":"))


def allowed_moves(journey: Journey) -> list[tuple[int, int]]:
    """Pairs of stage numbers the map allows, sorted.

    Without declared transitions the map is linear: from a stage to any later one, as long as every stage in between
    is optional or terminal (an alternative end is no step on the way).
    """
    numbers = journey.stage_no
    if journey.transitions:
        return sorted((numbers[a], numbers[b]) for a, b in journey.transitions)
    moves = []
    for start, stage in enumerate(journey.stages, start=1):
        if stage.terminal is not None:
            continue
        for target, passed in enumerate(journey.stages[start:], start=start + 1):
            moves.append((start, target))
            if passed.is_mandatory and passed.terminal is None:
                break
    return moves


def entry_stages(journey: Journey) -> list[int]:
    """Numbers of the stages an instance may begin in, sorted."""
    entry = set(journey.entry_touchpoints)
    return [number for number, stage in enumerate(journey.stages, start=1) if not entry.isdisjoint(stage.touchpoints)]


def describe_net(journey: Journey) -> str:
    """The map as compact JSON, as `net.read_net` takes it; without terminal stages a walk may end anywhere."""
    numbered = list(enumerate(journey.stages, start=1))
    net = {
        "stages": [stage.stage_id for stage in journey.stages],
        "mandatory": [number for number, stage in numbered if stage.is_mandatory],
        "entry": entry_stages(journey),
        "final": [number for number, stage in numbered if stage.terminal] or [number for number, _ in numbered],
        "moves": allowed_moves(journey),
    }
    return json.dumps(net, sort_keys=True, separators=(",", ":"))
