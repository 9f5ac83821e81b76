"""Journeys walked one interaction at a time: slow, plain, written from the semantics and not from the SQL.

Put here: what happens to one customer or account in one journey. Keep out: rows (interpreted_rows.py), SQL.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from pipelines.journeys.model import Exclusion, Journey, Stage

KEY_COLUMNS = {"order_id": "order_key", "case_id": "case_key"}  # every other correlate_by is an attribute


@dataclass
class Visit:
    """An unbroken stay in one stage."""

    stage: Stage
    interactions: list[dict]
    move: str
    exited_at: datetime | None = None
    exit_reason: str | None = None

    @property
    def entered_at(self) -> datetime:
        return self.interactions[0]["occurred_at"]

    @property
    def last_at(self) -> datetime:
        return self.interactions[-1]["occurred_at"]


@dataclass
class Instance:
    """One walk; `key` tells parallel ones apart and is None in every other journey."""

    key: str | None
    visits: list[Visit] = field(default_factory=list)
    outcome: str = "in_progress"
    closed_at: datetime | None = None
    next_change_at: datetime | None = None  # of one that is open: the deadline it waits for

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def ended_at(self) -> datetime | None:
        return self.visits[-1].exited_at

    def has_visited(self, stage_id: str) -> bool:
        return any(visit.stage.stage_id == stage_id for visit in self.visits)


def walk(journey: Journey, interactions: list[dict], as_of: datetime) -> tuple[list[Instance], dict[str, str]]:
    """All interactions of one entity through one journey.

    Args:
        interactions: of one customer, or of one account where the journey is one of accounts; in any order.
        as_of: nothing later has happened yet.
    Returns:
        its instances in the order of their start; and by id the journey interactions of none, each with the reason.
    """
    walked = _Walk(journey)
    for event in sorted((e for e in interactions if e["occurred_at"] <= as_of), key=in_order):
        walked.take(event)
    walked.let_time_pass(as_of)
    for instance in walked.open_instances():
        instance.next_change_at = min((at for at, _ in deadlines(journey, instance)), default=None)
    return walked.instances, walked.outside


class _Walk:
    def __init__(self, journey: Journey):
        self.journey = journey
        self.instances: list[Instance] = []
        self.outside: dict[str, str] = {}

    def open_instances(self) -> list[Instance]:
        return [instance for instance in self.instances if instance.is_open]

    def take(self, event: dict) -> None:
        """What one interaction does: exclusion, exit, terminal, stage, in that order of precedence."""
        now = event["occurred_at"]
        self.let_time_pass(now)
        stages = [s for s in self.journey.stages if meets(s, event)]
        instance = self._concerned(event)
        if instance and any(meets(e, event) and _holds(e, instance) for e in self.journey.exclusions):
            _close(instance, "excluded", "void", ended_at=now, closed_at=now)
            return
        if any(meets(e, event) for e in self.journey.exits):
            if instance:
                _close(instance, "exit", "exited", ended_at=now, closed_at=now)
            return
        if not stages:
            return  # no journey interaction: it neither joins, splits nor resets anything
        is_entry = event["touchpoint"] in self.journey.entry_touchpoints
        if instance and is_entry and self.journey.reentry == "restart":
            _close(instance, "restarted", "restarted", ended_at=now, closed_at=now)
            instance = None
        if instance is None:
            if refused := self._why_nothing_opens(event, is_entry):
                self.outside[event["interaction_id"]] = refused
                return
            instance = Instance(correlation_key(self.journey, event))
            self.instances.append(instance)
        stage = self._choose([s for s in stages if s.terminal] or stages, instance)
        self._stay_or_move(instance, stage, event)
        if stage.terminal:
            _close(instance, "terminal", stage.terminal, ended_at=now, closed_at=now)

    def let_time_pass(self, now: datetime) -> None:
        """Drop what is open and whose earliest deadline is over; the instant of a deadline is still inside."""
        for instance in self.open_instances():
            if passed := [(at, reason) for at, reason in deadlines(self.journey, instance) if at < now]:
                closed_at, reason = min(passed, key=lambda deadline: deadline[0])  # of equal instants the first named
                _close(instance, reason, "dropped", ended_at=instance.visits[-1].last_at, closed_at=closed_at)

    def _concerned(self, event: dict) -> Instance | None:
        """The open instance an interaction is about."""
        candidates = self.open_instances()
        if self.journey.reentry == "parallel":
            key = correlation_key(self.journey, event)
            if key is None:
                return candidates[0] if len(candidates) == 1 else None
            candidates = [instance for instance in candidates if instance.key == key]
        return candidates[0] if candidates else None

    def _why_nothing_opens(self, event: dict, is_entry: bool) -> str | None:
        """Why a journey interaction that concerns no open instance opens none; None where it does."""
        journey, last = self.journey, self.instances[-1] if self.instances else None
        if not is_entry:
            return "no entry"
        if journey.reentry == "parallel" and correlation_key(journey, event) is None:
            return "no key"
        if journey.reentry == "never" and last:
            return "once only"
        if journey.reentry == "after_cooldown" and last:
            ready_at = last.ended_at + timedelta(seconds=journey.cooldown_s)
            return "cooldown" if event["occurred_at"] < ready_at else None
        return None

    def _choose(self, stages: list[Stage], instance: Instance) -> Stage:
        """The current stage, else the first declared after it, else the first declared."""
        if not instance.visits:
            return stages[0]
        current = instance.visits[-1].stage
        if current in stages:
            return current
        return next((s for s in stages if self._step(current, s) > 0), stages[0])

    def _stay_or_move(self, instance: Instance, stage: Stage, event: dict) -> None:
        if not instance.visits:
            instance.visits.append(Visit(stage, [event], "entry"))
            return
        left = instance.visits[-1]
        if left.stage is stage:
            left.interactions.append(event)
            return
        left.exited_at, left.exit_reason = event["occurred_at"], "next_stage"
        step = self._step(left.stage, stage)
        move = "back" if step < 0 else "forward" if step == 1 else "skip"
        instance.visits.append(Visit(stage, [event], "loop" if instance.has_visited(stage.stage_id) else move))

    def _step(self, before: Stage, after: Stage) -> int:
        return self.journey.stages.index(after) - self.journey.stages.index(before)


def in_order(event: dict) -> tuple:
    """The order in which interactions are taken; without a sequence comes last."""
    sequence = event["sequence"]
    return (
        event["occurred_at"],
        event["priority"],
        (sequence is None, sequence or 0),
        event["slot"],
        event["interaction_id"],
    )


def meets(rule, event: dict) -> bool:
    """Whether an interaction is of a stage, an exit or an exclusion: its touchpoint, and all of its `where`."""
    return event["touchpoint"] in rule.touchpoints and all(
        attribute_text(event, attribute) in allowed for attribute, allowed in rule.where
    )


def attribute_text(event: dict, attribute: str) -> str | None:
    """An attribute as text; None where it is missing, which no `where` allows."""
    value = _attributes(event["attributes"] or "{}").get(attribute)
    return value if value is None or isinstance(value, str) else json.dumps(value)


_attributes = lru_cache(json.loads)


def correlation_key(journey: Journey, event: dict) -> str | None:
    """What tells parallel instances apart; None in journeys that have no such key, and where it is missing."""
    if journey.reentry != "parallel":
        return None
    if column := KEY_COLUMNS.get(journey.correlate_by):
        return event[column]
    return attribute_text(event, journey.correlate_by)


def deadlines(journey: Journey, instance: Instance) -> list[tuple[datetime, str]]:
    """Every deadline an open instance has now, those that go before at equal instants first."""
    visit = instance.visits[-1]
    limits = [
        (visit.last_at, journey.inactivity_s, "inactivity"),
        (visit.entered_at, visit.stage.max_wait_s, "max_wait"),
        (instance.visits[0].entered_at, journey.max_duration_s, "max_duration"),
    ]
    return [(since + timedelta(seconds=limit), reason) for since, limit, reason in limits if limit is not None]


def _holds(exclusion: Exclusion, instance: Instance) -> bool:
    """Between the first visit of one stage and the first of another; without `between` as long as it is open."""
    if exclusion.between is None:
        return True
    after, before = exclusion.between
    return instance.has_visited(after) and not instance.has_visited(before)


def _close(instance: Instance, reason: str, outcome: str, ended_at: datetime, closed_at: datetime) -> None:
    instance.visits[-1].exited_at, instance.visits[-1].exit_reason = ended_at, reason
    instance.outcome, instance.closed_at = outcome, closed_at
