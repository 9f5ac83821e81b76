"""The machine that walks all journeys at once, against the interpreter that takes one interaction after the other."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from interpreted_rows import visit_rows
from interpreter import correlation_key, in_order, meets, walk
from random_journeys import START
from small_walks import CHECKED, small_journeys, small_walks
from walked_spans import spans_of

from pipelines.journeys.compile import compile_journeys
from pipelines.journeys.model import Journey
from pipelines.journeys.walk import ENTRY, EXITS
from pipelines.journeys.walk_spans import REASONS

LATER = datetime(START.year + 1, 1, 1)  # past every deadline of a small walk
PAIRS = st.lists(st.tuples(small_journeys(), small_walks()), min_size=1, max_size=3)


@pytest.mark.parametrize("examples", [40, pytest.param(3_000, marks=pytest.mark.proof, id="3000")])
def test_the_walk_agrees_with_the_interpreter(examples: int):
    @settings(CHECKED, max_examples=examples)
    @given(pairs=PAIRS)
    def agree(pairs):
        told = [(journey, sorted(events, key=in_order)) for journey, events in pairs]
        assert _walked(told) == [_interpreted(journey, events) for journey, events in told]

    agree()


def _walked(told: list[tuple[Journey, list[dict]]]) -> list[tuple[list, list]]:
    """(of each interaction: instance, visit, stage, whether outside), (of each visit: how it came and ended)."""
    rules = [compile_journeys([journey])["journeys"]["rules"][0].as_py() for journey, _ in told]
    rows = [[_row(journey, event) for event in events] for journey, events in told]
    return [
        (_placed(spans, len(events)), [_visit(span) for span in sorted(_visits(spans), key=_entered)])
        for spans, (_, events) in zip(spans_of(rules, rows), told, strict=True)
    ]


def _visits(spans: list[dict]) -> list[dict]:
    return [span for span in spans if span["visit_seq"]]


def _entered(visit: dict) -> int:
    return visit["members"][0]["row_no"]


def _placed(spans: list[dict], rows: int) -> list[tuple]:
    placed = dict.fromkeys(range(1, rows + 1), (0, 0, 0, False))
    began = {visit["instance_id"]: _entered(visit) for visit in _visits(spans) if visit["visit_seq"] == 1}
    for span in spans:
        place = (0, 0, 0, True)
        if span["visit_seq"]:
            place = (began[span["instance_id"]], _entered(span), span["stage_no"], False)
        placed |= {member["row_no"]: place for member in span["members"] or []}
    return list(placed.values())


def _visit(span: dict) -> tuple:
    reason = span["left_by"] and REASONS[span["left_by"] - 1]
    neighbours = (span["previous_stage_no"] or 0, span["next_stage_no"] or 0)
    left = (reason, span["left_at"], span["active_s"])
    return (_entered(span), span["visit_seq"], span["visit_no"], *neighbours, *left)


def _row(journey: Journey, event: dict) -> dict:
    return {
        "occurred_at": event["occurred_at"],
        "candidates": _set(meets(stage, event) for stage in journey.stages),
        "roles": ENTRY * (event["touchpoint"] in journey.entry_touchpoints)
        + EXITS * any(meets(gone, event) for gone in journey.exits),
        "exclusions": _set(meets(exclusion, event) for exclusion in journey.exclusions),
        "correlation_key": correlation_key(journey, event),
    }


def _set(members) -> int:
    return sum(1 << place for place, is_member in enumerate(members) if is_member)


def _interpreted(journey: Journey, events: list[dict]) -> tuple[list, list]:
    """The same of the interpreter; what a deadline ends is left at that deadline."""
    instances, outside = walk(journey, events, LATER)
    place = {event["interaction_id"]: number for number, event in enumerate(events, start=1)}
    number = {None: 0, **journey.stage_no}
    joined, visits = {}, []
    for instance in instances:
        began = place[instance.visits[0].interactions[0]["interaction_id"]]
        for visit, row in zip(instance.visits, visit_rows("c", journey, instance), strict=True):
            entered = place[visit.interactions[0]["interaction_id"]]
            joined |= dict.fromkeys(row.interaction_ids, (began, entered, number[row.stage_id], False))
            timed_out = instance.outcome == "dropped" and visit is instance.visits[-1]
            left_at = instance.closed_at if timed_out else row.exited_at
            neighbours = (number[row.previous_stage], number[row.next_stage])
            visits.append((entered, row.visit_seq, row.visit_no, *neighbours, row.exit_reason, left_at, row.active_s))
    return [joined.get(event_id, (0, 0, 0, event_id in outside)) for event_id in place], sorted(visits)
