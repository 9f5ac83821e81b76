"""What happened in a sample, by name: a comparison proves nothing about what never occurred.

Put here: naming what an interpreted walk shows. Keep out: the walk itself (interpreter.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from interpreter import Instance, correlation_key, deadlines, meets

from pipelines.journeys.model import REENTRY, Journey

EXIT_REASONS = ("next_stage", "terminal", "exit", "restarted", "excluded", "inactivity", "max_wait", "max_duration")
OUTCOMES = ("in_progress", "converted", "declined", "exited", "dropped", "restarted", "void")
TICK = timedelta(microseconds=1)

EVERYTHING = {
    *(f"mode {mode}" for mode in REENTRY),
    *(f"exit_reason {reason}" for reason in (*EXIT_REASONS, None)),
    *(f"outcome {outcome}" for outcome in OUTCOMES),
    *(f"move {move}" for move in ("entry", "forward", "skip", "back", "loop")),
    *(f"outside: {reason}" for reason in ("no entry", "once only", "cooldown", "no key")),
    *(f"key {key}" for key in ("order_id", "case_id", "trip")),
    *("walk of a customer", "walk of an account", "walk of several customers", "walk with someone unknown"),
    *("further entry joined", "opened again", "opened again after the cooldown", "key opened again"),
    *("two open at once", "joined without a key"),
    *("void between two stages", "void without between", "exclusion that did not act"),
    *("inside at inactivity", "inside at max_wait", "inside at max_duration", "open at its deadline"),
    *("interaction a tick after the deadline", "several deadlines at one instant"),
}


def occurrences(journey: Journey, instances: list[Instance], outside: dict[str, str], as_of: datetime) -> Iterator[str]:
    """Names, out of EVERYTHING, of what the walks of one entity through one journey show."""
    yield from (f"outside: {reason}" for reason in outside.values())
    if instances:
        yield f"mode {journey.reentry}"
        yield f"walk of {'an account' if journey.entity == 'account' else 'a customer'}"
    if len(instances) > 1:
        yield f"opened again{' after the cooldown' if journey.reentry == 'after_cooldown' else ''}"
    for n, earlier in enumerate(instances):
        yield from _of_instance(journey, earlier, as_of)
        for later in instances[n + 1 :]:
            started_at = later.visits[0].entered_at
            if earlier.closed_at is None or started_at < earlier.closed_at:
                yield "two open at once"
            elif earlier.key is not None and earlier.key == later.key:
                yield "key opened again"
            if started_at - TICK == earlier.closed_at and earlier.outcome == "dropped":
                yield "interaction a tick after the deadline"


def _of_instance(journey: Journey, instance: Instance, as_of: datetime) -> Iterator[str]:
    events = [event for visit in instance.visits for event in visit.interactions]
    yield f"outcome {instance.outcome}"
    if instance.key is not None:
        yield f"key {journey.correlate_by}"
        yield from ("joined without a key" for event in events if correlation_key(journey, event) is None)
    if journey.reentry == "after_end" and any(e["touchpoint"] in journey.entry_touchpoints for e in events[1:]):
        yield "further entry joined"
    if journey.entity == "account":
        people = {event["customer_id"] for event in events}
        yield from ["walk of several customers"] * (len(people) > 1) + ["walk with someone unknown"] * (None in people)
    if any(meets(exclusion, event) for exclusion in journey.exclusions for event in events[1:]):
        yield "exclusion that did not act"
    if instance.outcome == "void":
        bounded = {exclusion.between is not None for exclusion in journey.exclusions}
        yield from ["void between two stages"] * (bounded == {True}) + ["void without between"] * (bounded == {False})
    if instance.next_change_at == as_of:
        yield "open at its deadline"
    if instance.outcome == "dropped" and [at for at, _ in deadlines(journey, instance)].count(instance.closed_at) > 1:
        yield "several deadlines at one instant"
    yield from _of_times(journey, instance, [event["occurred_at"] for event in events])


def _of_times(journey: Journey, instance: Instance, times: list[datetime]) -> Iterator[str]:
    inactivity, longest = (s and timedelta(seconds=s) for s in (journey.inactivity_s, journey.max_duration_s))
    if any(later - earlier == inactivity for earlier, later in zip(times, times[1:], strict=False)):
        yield "inside at inactivity"
    if times[-1] - times[0] == longest:
        yield "inside at max_duration"
    for visit in instance.visits:
        yield f"move {visit.move}"
        yield f"exit_reason {visit.exit_reason}"
        limit = visit.stage.max_wait_s
        if (
            limit
            and visit.exit_reason == "next_stage"
            and visit.exited_at - visit.entered_at == timedelta(seconds=limit)
        ):
            yield "inside at max_wait"
