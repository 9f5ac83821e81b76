"""Journeys walked one interaction at a time: slow, plain, written from the semantics and not from the SQL.

Put here: what happens to one customer in one journey. Keep out: rule tables, SQL.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipelines.journeys.model import Journey, Stage

HALF_HOUR = timedelta(minutes=30)


@dataclass
class Visit:
    stage: Stage
    interactions: list[dict] = field(default_factory=list)
    exited_at: datetime | None = None
    exit_reason: str | None = None
    move: str = "entry"

    @property
    def entered_at(self) -> datetime:
        return self.interactions[0]["occurred_at"]

    @property
    def last_at(self) -> datetime:
        return self.interactions[-1]["occurred_at"]


@dataclass
class Instance:
    visits: list[Visit] = field(default_factory=list)
    outcome: str = "in_progress"
    closed_at: datetime | None = None


def walk(journey: Journey, interactions: list[dict], as_of: datetime) -> tuple[list[Instance], int]:
    """The instances of one customer in one journey, and how many journey interactions lie outside all of them."""
    instances: list[Instance] = []
    open_instance: Instance | None = None
    outside = 0
    for event in sorted((e for e in interactions if e["occurred_at"] <= as_of), key=_order):
        is_exit = any(_meets(gone.touchpoints, gone.where, event) for gone in journey.exits)
        stages = [s for s in journey.stages if _meets(s.touchpoints, s.where, event)]
        if not is_exit and not stages:
            continue  # neither joins, splits nor resets anything
        if open_instance and _deadline(journey, open_instance) < event["occurred_at"]:
            _drop(journey, open_instance)
            open_instance = None
        if is_exit:
            if open_instance:
                _close(open_instance, "exit", "exited", event["occurred_at"], event["occurred_at"])
                open_instance = None
            continue
        if open_instance is None:
            if event["touchpoint"] not in journey.entry_touchpoints:
                outside += 1
                continue
            open_instance = Instance()
            instances.append(open_instance)
        stage = _choose(journey, [s for s in stages if s.terminal] or stages, open_instance)
        _visit(journey, open_instance, stage, event)
        if stage.terminal:
            _close(open_instance, "terminal", stage.terminal, event["occurred_at"], event["occurred_at"])
            open_instance = None
    if open_instance and _deadline(journey, open_instance) < as_of:
        _drop(journey, open_instance)
    return instances, outside


def _order(event: dict) -> tuple:
    sequence = event["sequence"]
    return (
        event["occurred_at"],
        event["priority"],
        (sequence is None, sequence or 0),
        event["slot"],
        event["interaction_id"],
    )


def _meets(touchpoints: tuple[str, ...], where: tuple, event: dict) -> bool:
    attributes = json.loads(event["attributes"])
    return event["touchpoint"] in touchpoints and all(
        attribute in attributes and str(attributes[attribute]) in allowed for attribute, allowed in where
    )


def _deadline(journey: Journey, instance: Instance) -> datetime:
    if journey.inactivity_s is None:
        return datetime.max
    return instance.visits[-1].last_at + timedelta(seconds=journey.inactivity_s)


def _choose(journey: Journey, stages: list[Stage], instance: Instance) -> Stage:
    if not instance.visits:
        return stages[0]
    current = instance.visits[-1].stage
    if current in stages:
        return current
    later = [s for s in stages if journey.stages.index(s) > journey.stages.index(current)]
    return (later or stages)[0]


def _visit(journey: Journey, instance: Instance, stage: Stage, event: dict) -> None:
    if instance.visits and instance.visits[-1].stage is stage:
        instance.visits[-1].interactions.append(event)
        return
    visit = Visit(stage, [event])
    if instance.visits:
        left = instance.visits[-1]
        left.exited_at, left.exit_reason = event["occurred_at"], "next_stage"
        step = journey.stages.index(stage) - journey.stages.index(left.stage)
        if any(v.stage is stage for v in instance.visits):
            visit.move = "loop"
        elif step < 0:
            visit.move = "back"
        else:
            visit.move = "forward" if step == 1 else "skip"
    instance.visits.append(visit)


def _close(instance: Instance, reason: str, outcome: str, ended_at: datetime, closed_at: datetime) -> None:
    instance.visits[-1].exited_at, instance.visits[-1].exit_reason = ended_at, reason
    instance.outcome, instance.closed_at = outcome, closed_at


def _drop(journey: Journey, instance: Instance) -> None:
    _close(instance, "inactivity", "dropped", instance.visits[-1].last_at, _deadline(journey, instance))


def instance_row(customer_id: str, journey: Journey, instance: Instance) -> tuple:
    """As selected from fct_journeys by test_semantics."""
    visits = instance.visits
    return (
        customer_id,
        journey.journey_key,
        visits[0].entered_at,
        visits[-1].exited_at,
        instance.closed_at,
        instance.outcome,
        ">".join(v.stage.stage_id for v in visits),
        sum(len(v.interactions) for v in visits),
        len({v.stage.stage_id for v in visits}),
        ",".join(sorted({e["channel"] for v in visits for e in v.interactions})),
    )


def visit_rows(customer_id: str, journey: Journey, instance: Instance) -> list[tuple]:
    """As selected from fct_journey_stages by test_semantics."""
    rows = []
    for seq, visit in enumerate(instance.visits, start=1):
        stage, left = visit.stage, visit.exited_at
        times = [e["occurred_at"] for e in visit.interactions]
        active = sum((b - a).total_seconds() for a, b in zip(times, times[1:], strict=False) if b - a <= HALF_HOUR)
        duration = None if left is None else int((left - times[0]).total_seconds())
        rows.append(
            (
                customer_id,
                journey.journey_key,
                instance.visits[0].entered_at,
                seq,
                stage.stage_id,
                sum(v.stage is stage for v in instance.visits[:seq]),
                times[0],
                left,
                visit.exit_reason,
                duration,
                int(active),
                None if duration is None else duration - int(active),
                None if left is None or stage.sla_s is None else duration > stage.sla_s,
                visit.move,
                instance.visits[seq - 2].stage.stage_id if seq > 1 else None,
                instance.visits[seq].stage.stage_id if seq < len(instance.visits) else None,
                len(times),
                tuple(sorted(e["interaction_id"] for e in visit.interactions)),
            )
        )
    return rows
