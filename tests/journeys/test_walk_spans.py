"""What instances and visits tell: names, numbers, sums; and that sequences walk in company as they walk alone."""

from __future__ import annotations

from datetime import timedelta
from hashlib import md5

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from told_walks import START, event_of, rules_of, spans_told
from walked_spans import INPUT, spans_of

from pipelines.journeys.walk import walk_journeys


def test_an_instance_tells_its_path_and_where_it_stands():
    _, instances = spans_told("0 1!", "1 1", "2 2", "3 1", "4 3", "5 2", "6 1!", terminal=[3])

    told = [(i["path"], i["first_stage_no"], i["stage_no"], i["visits"], i["stages_visited"]) for i in instances]
    assert told == [("s1>s2>s1>s3", 1, 3, 4, 3), ("s1", 1, 1, 1, 1)]


def test_an_instance_is_named_after_its_journey_and_its_first_interaction():
    visits, instances = spans_told("0 1!", "1 1!", "2 2", reentry="restart")

    journey = int.from_bytes(md5(b"walk@1").digest())
    assert [i["instance_id"].int ^ journey for i in instances] == [1, 2]
    assert [v["instance_id"] for v in visits] == [instances[i]["instance_id"] for i in (0, 1, 1)]


def test_visits_and_instances_add_up_their_interactions():
    online, offline, assisted, b2b = 4, 8, 16, 32
    seen = [
        {"roles": 1 | online, "channel_set": 1, "value_cents": 250, "cost_cents": 1},
        {"roles": offline | assisted, "channel_set": 2, "value_cents": 50},
        {"roles": online | b2b, "channel_set": 1},
    ]
    events = [event_of(text) | more for text, more in zip(("0 1!", "1 1", "2 2"), seen, strict=True)]
    [spans] = spans_of([rules_of()], [events])

    names = ("interactions", "online_interactions", "offline_interactions", "assisted_interactions")
    names = (*names, "is_b2b", "channel_set", "value_cents", "cost_cents", "active_s")
    assert [tuple(span[name] for name in names) for span in spans] == [
        (2, 1, 1, 1, False, 3, 300, 1, 60),
        (1, 1, 0, 0, True, 1, None, None, 0),
        (3, 2, 1, 1, True, 3, 300, 1, 60),
    ]


def test_a_visit_knows_its_numbers_and_neighbours():
    visits, _ = spans_told("0 1!", "1 2", "2 1", "3 2", "4 2")

    described = [(v["visit_seq"], v["visit_no"], v["previous_stage_no"], v["next_stage_no"]) for v in visits]
    assert described == [(1, 1, None, 2), (2, 1, 1, 1), (3, 2, 2, 2), (4, 2, 1, None)]


def test_active_time_is_gaps_of_at_most_half_an_hour_inside_a_visit():
    visits, [instance] = spans_told("0 1!", "30 1", "61 1", "62 2", "63 2")

    assert [v["active_s"] for v in visits] == [1800, 60]
    assert instance["active_s"] == 1860


def test_in_parallel_active_time_is_counted_in_each_visit():
    visits, _ = spans_told("0 1!@a", "1 1!@b", "5 1@a", "7 1@b", reentry="parallel")

    assert [v["active_s"] for v in visits] == [300, 360]


def test_stages_are_told_apart_up_to_the_sixtieth():
    events = [event_of("0 1!") | {"candidates": 1 << 58}, event_of("1 1") | {"candidates": 3 << 58}, event_of("2 2")]
    [spans] = spans_of([rules_of(stages=60)], [[*events[:2], {**events[1], "candidates": 1 << 59}, events[2]]])

    visits = [(v["stage_no"], v["interactions"]) for v in spans if v["visit_seq"]]
    assert visits == [(59, 2), (60, 1), (2, 1)]


def test_no_rows_give_no_spans():
    assert walk_journeys(INPUT.empty_table(), {}).num_rows == 0


SEQUENCE = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 7), st.integers(0, 3), st.integers(0, 3), st.sampled_from("ab ")),
    max_size=9,
)
RULES = st.builds(
    rules_of,
    reentry=st.sampled_from(["after_end", "never", "after_cooldown", "restart", "parallel"]),
    **{name: st.integers(1, 60) for name in ("cooldown", "inactivity", "max_duration")},
    max_wait=st.dictionaries(st.integers(1, 3), st.integers(1, 60)),
    terminal=st.sets(st.integers(1, 3), max_size=1),
    exclusions=st.lists(st.sampled_from([[None, None], [1, None], [1, 2], [3, 1]]), min_size=2, max_size=2),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(RULES, SEQUENCE), max_size=6))
def test_a_sequence_walks_alone_as_it_walks_in_company(drawn):
    sequences = []
    for _, events in drawn:
        minutes = np.cumsum([gap for gap, *_ in events])
        sequences.append(
            [
                {
                    "occurred_at": START + timedelta(minutes=int(minute)),
                    **{"candidates": stages, "roles": roles, "exclusions": exclusions},
                    "correlation_key": key.strip() or None,
                }
                for minute, (_, stages, roles, exclusions, key) in zip(minutes, events, strict=True)
            ]
        )
    rules = [rule for rule, _ in drawn]

    together = spans_of(rules, sequences)

    alone = [spans_of([rule], [sequence])[0] for rule, sequence in zip(rules, sequences, strict=True)]
    assert [_unnamed(spans) for spans in together] == [_unnamed(spans) for spans in alone]


def _unnamed(spans: list[dict]) -> list[dict]:
    return [{name: value for name, value in span.items() if name not in ("entity_id", "journey_no")} for span in spans]
