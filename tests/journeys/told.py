"""Journeys and what happened in them, written in one line each.

Put here: the shorthand of the tests. Keep out: expectations (test_interpreter.py), random ones (random_journeys.py).

An interaction is `touchpoint@minute`, one microsecond later with `+`; `#o1` is its order, `[size=2]` an attribute. An
instance is told as `path start-end outcome by exit_reason at closed_at`, in minutes, after its key if it has one.
"""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from interpreter import Instance, walk

from pipelines.journeys.model import Exclusion, Exit, Journey, Stage

START = datetime(2026, 1, 1)
TOLD = re.compile(r"(?P<touchpoint>\w+)@(?P<minute>\d+)(?P<late>\+?)(?:#(?P<order>\w+))?(?:\[(?P<attributes>[^]]*)\])?")


def a_journey(*stages: Stage, entry: tuple[str, ...] = ("seen",), **rules) -> Journey:
    """A journey of these stages; `rules` are fields of Journey."""
    facts = {
        **{"file": Path("told"), "journey_id": "told", "version": 1, "status": "approved", "name": "Told"},
        **{"owner_function": None, "use_case": "exploration", "job_to_be_done": None, "parent": None},
        **{"entity": "customer", "inactivity_s": None, "exits": (), "transitions": (), "fingerprint": "told"},
    }
    return Journey(**{**facts, "entry_touchpoints": entry, "stages": stages, **rules})


def a_stage(stage_id: str, *touchpoints: str, **rules) -> Stage:
    return Stage(stage_id, stage_id, touchpoints, **rules)


def an_exit(*touchpoints: str, **rules) -> Exit:
    return Exit(touchpoints, **rules)


def an_exclusion(*touchpoints: str, **rules) -> Exclusion:
    return Exclusion(touchpoints, **rules)


def events(told: str) -> list[dict]:
    """The interactions of one customer; those of one instant in the order they are told."""
    return [_event(position, word) for position, word in enumerate(told.split())]


def _event(position: int, word: str) -> dict:
    parts = TOLD.fullmatch(word)
    if parts is None:
        raise ValueError(
            f"interaction {position}: seen {word!r}; allowed: touchpoint@minute, +, #order, [attribute=text]"
        )
    attributes = dict(pair.split("=") for pair in (parts["attributes"] or "").split(",") if pair)
    return {
        "interaction_id": str(uuid.UUID(int=position + 1)),
        "customer_id": str(uuid.UUID(int=0)),
        "touchpoint": parts["touchpoint"],
        "occurred_at": minute(int(parts["minute"])) + timedelta(microseconds=len(parts["late"])),
        **{"priority": 50, "sequence": position, "slot": 1, "channel": "web", "value": None, "cost": None},
        **{"order_key": parts["order"], "case_key": None, "attributes": json.dumps(attributes)},
    }


def minute(count: int) -> datetime:
    return START + timedelta(minutes=count)


def tell(journey: Journey, told: str, as_of: int = 100_000) -> list[str]:
    """What the interpreter finds, one line per instance; in the end what is outside, by its reason."""
    instances, outside = walk(journey, events(told), minute(as_of))
    return [_line(instance) for instance in instances] + [
        f"{n} outside: {why}" for why, n in sorted(Counter(outside.values()).items())
    ]


def _line(instance: Instance) -> str:
    key = f"{instance.key}: " if instance.key else ""
    path = ">".join(visit.stage.stage_id for visit in instance.visits)
    start = _minute(instance.visits[0].entered_at)
    if instance.is_open:
        until = f" until {_minute(instance.next_change_at)}" if instance.next_change_at else ""
        return f"{key}{path} {start}- {instance.outcome}{until}"
    reason, closed = instance.visits[-1].exit_reason, _minute(instance.closed_at)
    return f"{key}{path} {start}-{_minute(instance.ended_at)} {instance.outcome} by {reason} at {closed}"


def _minute(moment: datetime) -> str:
    whole, rest = divmod(moment - START, timedelta(minutes=1))
    return f"{whole}{'+' if rest else ''}"


LOOK, TRY = a_stage("look", "seen"), a_stage("try", "tried")
PAY = a_stage("pay", "paid", terminal="converted")
BUY = a_journey(LOOK, TRY, PAY)
HOUR = 3600
