"""What the interpreter found, as the rows the marts should hold.

Put here: the figures of an instance and of a visit. Keep out: what happens to an instance (interpreter.py).
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from interpreter import Instance, Visit, walk

from pipelines.journeys.model import Journey

HALF_HOUR = timedelta(minutes=30)
EPOCH = datetime(1970, 1, 1)
ENTITY_COLUMNS = {"customer": "customer_id", "account": "account_key"}


class InstanceRow(NamedTuple):
    """One row of fct_journeys."""

    instance_id: str
    entity_id: str
    journey_key: str
    correlation_key: str | None
    started_at: datetime
    last_interaction_at: datetime
    ended_at: datetime | None
    closed_at: datetime | None
    next_change_at: datetime | None
    outcome: str
    duration_s: int | None
    active_s: int
    path: str
    interactions: int
    stages_visited: int
    channels: str | None
    value: Decimal | None
    cost: Decimal | None


class VisitRow(NamedTuple):
    """One row of fct_journey_stages, with the interactions of the visit."""

    instance_id: str
    entity_id: str
    journey_key: str
    visit_seq: int
    stage_id: str
    visit_no: int
    entered_at: datetime
    exited_at: datetime | None
    exit_reason: str | None
    duration_s: int | None
    active_s: int
    wait_s: int | None
    sla_breached: bool | None
    move: str
    previous_stage: str | None
    next_stage: str | None
    interactions: int
    value: Decimal | None
    cost: Decimal | None
    interaction_ids: tuple[str, ...]


def walk_everyone(
    journeys: Iterable[Journey], interactions: list[dict], as_of: datetime
) -> Iterator[tuple[Journey, str, list[Instance], dict[str, str]]]:
    """(journey, entity id, its instances, what lies outside) for every journey and every entity that did anything."""
    for entity, column in ENTITY_COLUMNS.items():
        owned = sorted((i for i in interactions if i[column] is not None), key=lambda i: i[column])
        walks = [journey for journey in journeys if journey.entity == entity]
        for entity_id, group in groupby(owned, key=lambda i: i[column]):
            events = list(group)
            for journey in walks:
                yield journey, entity_id, *walk(journey, events, as_of)


def instance_row(entity_id: str, journey: Journey, instance: Instance) -> InstanceRow:
    visits = instance.visits
    events = [event for visit in visits for event in visit.interactions]
    return InstanceRow(
        instance_id=instance_id(journey, instance),
        entity_id=entity_id,
        journey_key=journey.journey_key,
        correlation_key=instance.key,
        started_at=visits[0].entered_at,
        last_interaction_at=visits[-1].last_at,
        ended_at=instance.ended_at,
        closed_at=instance.closed_at,
        next_change_at=instance.next_change_at,
        outcome=instance.outcome,
        duration_s=None if instance.is_open else seconds(instance.ended_at) - seconds(visits[0].entered_at),
        active_s=sum(_active_s(visit) for visit in visits),
        path=">".join(visit.stage.stage_id for visit in visits),
        interactions=len(events),
        stages_visited=len({visit.stage.stage_id for visit in visits}),
        channels=",".join(sorted({event["channel"] for event in events if event["channel"]})) or None,
        value=_sum(event["value"] for event in events),
        cost=_sum(event["cost"] for event in events),
    )


def visit_rows(entity_id: str, journey: Journey, instance: Instance) -> list[VisitRow]:
    before: list[str | None] = [None]
    rows = []
    for seq, visit in enumerate(instance.visits, start=1):
        stage_id, sla_s = visit.stage.stage_id, visit.stage.sla_s
        duration_s = None if visit.exited_at is None else seconds(visit.exited_at) - seconds(visit.entered_at)
        active_s = _active_s(visit)
        rows.append(
            VisitRow(
                instance_id=instance_id(journey, instance),
                entity_id=entity_id,
                journey_key=journey.journey_key,
                visit_seq=seq,
                stage_id=stage_id,
                visit_no=1 + before.count(stage_id),
                entered_at=visit.entered_at,
                exited_at=visit.exited_at,
                exit_reason=visit.exit_reason,
                duration_s=duration_s,
                active_s=active_s,
                wait_s=None if duration_s is None else duration_s - active_s,
                sla_breached=None
                if duration_s is None or sla_s is None
                else visit.exited_at - visit.entered_at > timedelta(seconds=sla_s),
                move=visit.move,
                previous_stage=before[-1],
                next_stage=instance.visits[seq].stage.stage_id if seq < len(instance.visits) else None,
                interactions=len(visit.interactions),
                value=_sum(event["value"] for event in visit.interactions),
                cost=_sum(event["cost"] for event in visit.interactions),
                interaction_ids=tuple(sorted(event["interaction_id"] for event in visit.interactions)),
            )
        )
        before.append(stage_id)
    return rows


def instance_id(journey: Journey, instance: Instance) -> str:
    """Named after the version and the first interaction, bit by bit one of both: neither a run nor a later interaction
    enters, nor who walks, so that an instance keeps its name when its customer gets another."""
    first = uuid.UUID(instance.visits[0].interactions[0]["interaction_id"])
    return str(uuid.UUID(int=first.int ^ uuid.UUID(uuid_of(journey.journey_key)).int))


def uuid_of(text: str) -> str:
    """The md5 of a text as a uuid."""
    return str(uuid.UUID(hashlib.md5(text.encode()).hexdigest()))


def seconds(moment: datetime) -> int:
    """Whole seconds of the clock: so the times of visits add up to the time of their instance."""
    return (moment - EPOCH) // timedelta(seconds=1)


def _active_s(visit: Visit) -> int:
    times = [event["occurred_at"] for event in visit.interactions]
    gaps = [(earlier, later) for earlier, later in zip(times, times[1:], strict=False) if later - earlier <= HALF_HOUR]
    return sum(seconds(later) - seconds(earlier) for earlier, later in gaps)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None
