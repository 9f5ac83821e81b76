"""One sequence and what became of it, in few letters, for the tests of the walk.

Times are minutes. An event is `minute stages flags`: stages as digits, `!` entry, `x` exit, `/n` exclusion n, `@k` key.
What is expected of a visit: `stage rows reason@minute`, and `|` between instances.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from uuid import UUID

from walked_spans import spans_of

from pipelines.journeys.walk_spans import REASONS

START = datetime(2026, 1, 1)
EVENT = re.compile(r"(?P<minute>\d+) (?P<stages>\d*)(?P<entry>!?)(?P<exit>x?)(?P<exclusion>(/\d)*)(@(?P<key>\w+))?")


def rules_of(stages=3, terminal=(), max_wait=None, **rules) -> str:
    plain = {"journey_key": "walk@1", "reentry": "after_end", "exclusions": []}
    plain |= {"cooldown_s": None, "inactivity_s": None, "max_duration_s": None}
    seconds = {
        f"{name}_s": 60 * rules.pop(name) for name in ("cooldown", "inactivity", "max_duration") if name in rules
    }
    waits = [(max_wait or {}).get(number) for number in range(1, stages + 1)]
    ends = [number in terminal for number in range(1, stages + 1)]
    names = [f"s{number}" for number in range(1, stages + 1)]
    stages_of = {"max_wait_s": [w and 60 * w for w in waits], "stages": names, "terminal": ends}
    return json.dumps(plain | rules | seconds | stages_of)


def event_of(text: str) -> dict:
    found = EVENT.fullmatch(text)
    return {
        "occurred_at": START + timedelta(minutes=int(found["minute"])),
        "candidates": sum(1 << (int(stage) - 1) for stage in found["stages"]),
        "roles": bool(found["entry"]) + 2 * bool(found["exit"]) + 4,  # further bits are none of the walk's business
        "exclusions": sum(1 << (int(number) - 1) for number in found["exclusion"].split("/")[1:]),
        "correlation_key": found["key"],
    }


def spans_told(*events: str, **rules) -> tuple[list[dict], list[dict]]:
    """Visits and instances of one sequence."""
    [spans] = spans_of([rules_of(**rules)], [[event_of(text) for text in events]])
    return [s for s in spans if s["visit_seq"]], [s for s in spans if s["path"]]


def walk(events: str, **rules) -> str:
    """The instances of one sequence, in the words of this file; then `outside` and the rows that are."""
    [spans] = spans_of([rules_of(**rules)], [[event_of(text) for text in events.split(", ")]])
    instances: dict[UUID, list[str]] = {}
    outside = ""
    for span in spans:
        if span["members"] is None:
            continue
        members = ",".join(str(member["row_no"]) for member in span["members"])
        if span["instance_id"] is None:
            outside = f" outside {members}"
            continue
        left = ""
        if span["left_by"] is not None:
            left = f" {REASONS[span['left_by'] - 1]}@{int((span['left_at'] - START).total_seconds() // 60)}"
        instances.setdefault(span["instance_id"], []).append(f"{span['stage_no']} [{members}]{left}")
    return " | ".join("; ".join(visits) for visits in instances.values()) + outside
