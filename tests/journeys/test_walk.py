"""The walk, step by step: every re-entry mode, deadline, exit and exclusion, worked out by hand.

Times are minutes. An event is `minute stages flags`: stages as digits, `!` entry, `x` exit, `/n` exclusion n, `@k` key.
What is expected of a visit: `stage rows reason@minute`, and `|` between instances.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from hashlib import md5
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from walked_spans import INPUT, spans_of

from pipelines.journeys.walk import walk_journeys
from pipelines.journeys.walk_spans import REASONS

START = datetime(2026, 1, 1)
EVENT = re.compile(r"(?P<minute>\d+) (?P<stages>\d*)(?P<entry>!?)(?P<exit>x?)(?P<exclusion>(/\d)*)(@(?P<key>\w+))?")


def _rules(stages=3, terminal=(), max_wait=None, **rules) -> str:
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


def _event(text: str) -> dict:
    found = EVENT.fullmatch(text)
    return {
        "occurred_at": START + timedelta(minutes=int(found["minute"])),
        "candidates": sum(1 << (int(stage) - 1) for stage in found["stages"]),
        "roles": bool(found["entry"]) + 2 * bool(found["exit"]) + 4,  # further bits are none of the walk's business
        "exclusions": sum(1 << (int(number) - 1) for number in found["exclusion"].split("/")[1:]),
        "correlation_key": found["key"],
    }


def _spans(*events: str, **rules) -> tuple[list[dict], list[dict]]:
    """Visits and instances of one sequence."""
    [spans] = spans_of([_rules(**rules)], [[_event(text) for text in events]])
    return [s for s in spans if s["visit_seq"]], [s for s in spans if s["path"]]


def walk(events: str, **rules) -> str:
    """The instances of one sequence, in the words of this file; then `outside` and the rows that are."""
    [spans] = spans_of([_rules(**rules)], [[_event(text) for text in events.split(", ")]])
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


def test_an_entry_opens_and_what_matches_follows():
    assert walk("0 1!, 1 2, 2 2, 3 1!") == "1 [1] next_stage@1; 2 [2,3] next_stage@3; 1 [4]"


def test_an_instance_tells_its_path_and_where_it_stands():
    _, instances = _spans("0 1!", "1 1", "2 2", "3 1", "4 3", "5 2", "6 1!", terminal=[3])

    told = [(i["path"], i["first_stage_no"], i["stage_no"], i["visits"], i["stages_visited"]) for i in instances]
    assert told == [("s1>s2>s1>s3", 1, 3, 4, 3), ("s1", 1, 1, 1, 1)]


def test_an_instance_is_named_after_its_journey_and_its_first_interaction():
    visits, instances = _spans("0 1!", "1 1!", "2 2", reentry="restart")

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
    events = [_event(text) | more for text, more in zip(("0 1!", "1 1", "2 2"), seen, strict=True)]
    [spans] = spans_of([_rules()], [events])

    names = ("interactions", "online_interactions", "offline_interactions", "assisted_interactions")
    names = (*names, "is_b2b", "channel_set", "value_cents", "cost_cents", "active_s")
    assert [tuple(span[name] for name in names) for span in spans] == [
        (2, 1, 1, 1, False, 3, 300, 1, 60),
        (1, 1, 0, 0, True, 1, None, None, 0),
        (3, 2, 1, 1, True, 3, 300, 1, 60),
    ]


def test_nothing_but_an_entry_opens():
    assert walk("0 2, 1 x, 2 1!, 3 2") == "1 [3] next_stage@3; 2 [4] outside 1"


def test_of_several_stages_the_current_one_wins_then_the_next_declared_then_the_first():
    assert walk("0 23!, 1 13, 2 13, 3 12", stages=3) == "2 [1] next_stage@1; 3 [2,3] next_stage@3; 1 [4]"


def test_a_terminal_stage_goes_before_the_current_one_and_ends_at_once():
    assert walk("0 1!, 1 13, 2 1, 3 1!", terminal=[3]) == "1 [1] next_stage@1; 3 [2] terminal@1 | 1 [4] outside 3"


def test_an_entry_that_is_terminal_opens_and_ends_at_once():
    assert walk("0 3!, 1 3!", terminal=[3]) == "3 [1] terminal@0 | 3 [2] terminal@1"


def test_an_exit_ends_at_its_time_and_is_nothing_else():
    assert walk("0 1!, 5 2x, 6 2, 7 1!x, 8 1!") == "1 [1] exit@5 | 1 [5] outside 3"


@pytest.mark.parametrize(
    ("rules", "inside", "after", "reason"),
    [
        ({"inactivity": 10}, "0 1!, 5 1, 15 2", "0 1!, 5 1, 16 2", "inactivity@15"),
        ({"max_wait": {1: 10}}, "0 1!, 5 1, 10 1", "0 1!, 5 1, 11 1", "max_wait@10"),
        ({"max_duration": 10}, "0 1!, 5 2, 10 2", "0 1!, 5 2, 11 2", "max_duration@10"),
    ],
)
def test_the_instant_of_a_deadline_is_still_inside(rules, inside, after, reason):
    assert " outside" not in walk(inside, **rules)
    assert walk(after, **rules).endswith(f"{reason} outside 3")


def test_the_earliest_deadline_wins():
    assert walk("0 1!", inactivity=10, max_wait={1: 9}, max_duration=8) == "1 [1] max_duration@8"
    assert walk("0 1!, 1 1", inactivity=10, max_wait={1: 10}, max_duration=20) == "1 [1,2] max_wait@10"
    assert walk("0 1!, 4 2", inactivity=10, max_wait={1: 3}) == "1 [1] max_wait@3 outside 2"


def test_of_equal_deadlines_inactivity_goes_before_max_wait_before_max_duration():
    assert walk("0 1!", inactivity=10, max_wait={1: 10}, max_duration=10) == "1 [1] inactivity@10"
    assert walk("0 1!, 1 1", inactivity=99, max_wait={1: 10}, max_duration=10) == "1 [1,2] max_wait@10"


def test_max_wait_counts_anew_with_every_visit():
    assert (
        walk("0 1!, 9 2, 18 1, 27 1", max_wait={1: 10})
        == "1 [1] next_stage@9; 2 [2] next_stage@18; 1 [3,4] max_wait@28"
    )


def test_an_exit_after_the_deadline_comes_too_late():
    assert walk("0 1!, 11 x, 12 1!", inactivity=10) == "1 [1] inactivity@10 | 1 [3] inactivity@22"


def test_after_a_deadline_an_entry_opens_the_next():
    assert walk("0 1!, 11 1!", inactivity=10) == "1 [1] inactivity@10 | 1 [2] inactivity@21"


def test_interactions_that_match_no_stage_do_not_keep_an_instance_alive():
    assert walk("0 1!, 8 /1, 11 1", inactivity=10, exclusions=[[2, None]]) == "1 [1] inactivity@10 outside 3"


def test_never_lets_an_entity_in_once():
    assert walk("0 1!, 1 3, 2 1!, 3 2", reentry="never", terminal=[3]) == (
        "1 [1] next_stage@1; 3 [2] terminal@1 outside 3,4"
    )
    assert walk("0 1!, 1 /1, 2 1!", reentry="never", exclusions=[[None, None]]) == "1 [1] excluded@1 outside 3"
    assert walk("0 1!, 11 1!", reentry="never", inactivity=10) == "1 [1] inactivity@10 outside 2"


@pytest.mark.parametrize(
    ("events", "rules", "ended_at"),
    [
        ("0 1!, 5 3", {"terminal": [3]}, 5),
        ("0 1!, 5 x", {}, 5),
        ("0 1!, 5 /1", {"exclusions": [[None, None]]}, 5),
        ("0 1!, 5 1", {"inactivity": 2 * 10}, 5),  # the last interaction, not the deadline
    ],
)
def test_a_cooldown_counts_from_the_end_of_the_last_instance(events, rules, ended_at):
    rules |= {"reentry": "after_cooldown", "cooldown": 100}
    too_early, in_time = ended_at + 99, ended_at + 100
    assert walk(f"{events}, {too_early} 1!", **rules).endswith("outside 3")
    assert "| 1 [3]" in walk(f"{events}, {in_time} 1!", **rules)


def test_a_cooldown_leaves_an_open_instance_alone():
    assert walk("0 1!, 1 1!, 2 2", reentry="after_cooldown", cooldown=100) == "1 [1,2] next_stage@2; 2 [3]"


def test_a_restarting_entry_closes_the_open_instance_at_its_time():
    assert walk("0 1!, 1 2, 7 1!, 8 2", reentry="restart") == (
        "1 [1] next_stage@1; 2 [2] restarted@7 | 1 [3] next_stage@8; 2 [4]"
    )


def test_a_terminal_entry_restarts_first_and_ends_then():
    assert walk("0 1!, 4 3!", reentry="restart", terminal=[3]) == "1 [1] restarted@4 | 3 [2] terminal@4"


def test_an_entry_after_the_deadline_restarts_nothing():
    assert walk("0 1!, 11 1!", reentry="restart", inactivity=10) == "1 [1] inactivity@10 | 1 [2] inactivity@21"


def test_an_exclusion_voids_the_instance_and_is_nothing_else():
    assert walk("0 1!, 3 2/1, 4 2, 5 1!", exclusions=[[None, None]]) == "1 [1] excluded@3 | 1 [4] outside 3"


def test_an_exclusion_goes_before_an_exit_and_a_terminal_stage():
    assert walk("0 1!, 3 x/1", exclusions=[[None, None]]) == "1 [1] excluded@3"
    assert walk("0 1!, 3 3/1", exclusions=[[None, None]], terminal=[3]) == "1 [1] excluded@3"
    assert walk("0 1!, 3 1!/1", exclusions=[[None, None]], reentry="restart") == "1 [1] excluded@3"


def test_an_exclusion_acts_after_the_first_visit_of_one_stage_and_before_the_first_of_another():
    between = {"exclusions": [[2, 3]]}
    assert walk("0 1!, 1 /1, 2 2", **between) == "1 [1] next_stage@2; 2 [3]"
    assert walk("0 1!, 1 2, 2 /1", **between) == "1 [1] next_stage@1; 2 [2] excluded@2"
    assert walk("0 1!, 1 2, 2 1, 3 /1", **between) == "1 [1] next_stage@1; 2 [2] next_stage@2; 1 [3] excluded@3"
    assert walk("0 1!, 1 2, 2 3, 3 2, 4 /1", **between) == (
        "1 [1] next_stage@1; 2 [2] next_stage@2; 3 [3] next_stage@3; 2 [4]"
    )


def test_what_an_earlier_instance_visited_does_not_count_for_an_exclusion():
    assert walk("0 1!, 1 2, 2 x, 3 1!, 4 /1", exclusions=[[2, None]]) == ("1 [1] next_stage@1; 2 [2] exit@2 | 1 [4]")


def test_an_exclusion_that_does_not_act_is_looked_at_for_its_other_roles():
    assert walk("0 1!/1, 1 2/1, 2 2/1", exclusions=[[2, None]]) == "1 [1] next_stage@1; 2 [2] excluded@2"
    assert walk("0 1!, 1 x/1", exclusions=[[2, None]]) == "1 [1] exit@1"
    assert walk("0 /1, 1 2/1", exclusions=[[None, None]]) == " outside 2"


def test_each_exclusion_is_judged_for_itself():
    assert walk("0 1!, 1 /2, 2 /1/2", exclusions=[[None, None], [2, None]]) == "1 [1] excluded@2"


def test_instances_in_parallel_take_turns():
    assert walk("0 1!@a, 1 1!@b, 2 2@a, 3 2@b, 4 3@a, 5 3@a, 6 1!@a", reentry="parallel", terminal=[3]) == (
        "1 [1] next_stage@2; 2 [3] next_stage@4; 3 [5] terminal@4 | 1 [2] next_stage@3; 2 [4] | 1 [7] outside 6"
    )


def test_in_parallel_every_instance_has_its_own_deadlines():
    assert walk("0 1!@a, 8 1!@b, 11 2@a, 12 2@b", reentry="parallel", inactivity=10) == (
        "1 [1] inactivity@10 | 1 [2] next_stage@12; 2 [4] inactivity@22 outside 3"
    )


def test_what_has_no_key_joins_the_only_open_instance():
    assert walk("0 1!@a, 1 2, 2 1!", reentry="parallel") == "1 [1] next_stage@1; 2 [2] next_stage@2; 1 [3]"
    assert walk("0 1!@a, 1 1!@b, 2 2, 3 x", reentry="parallel") == "1 [1] | 1 [2] outside 3"
    assert walk("0 1!@a, 1 1!@b, 2 x@a, 3 2", reentry="parallel") == "1 [1] exit@2 | 1 [2] next_stage@3; 2 [4]"


def test_deadlines_are_judged_before_a_lonely_interaction_chooses():
    assert walk("0 1!@a, 8 1!@b, 11 2", reentry="parallel", inactivity=10) == (
        "1 [1] inactivity@10 | 1 [2] next_stage@11; 2 [3] inactivity@21"
    )


def test_what_has_no_key_opens_nothing():
    assert walk("0 1!, 1 x, 2 1!@a", reentry="parallel") == "1 [3] outside 1"


def test_without_a_key_an_exit_or_exclusion_ends_the_only_open_instance():
    assert walk("0 1!@a, 1 x", reentry="parallel") == "1 [1] exit@1"
    assert walk("0 1!@a, 1 /1", reentry="parallel", exclusions=[[None, None]]) == "1 [1] excluded@1"


def test_a_key_means_nothing_where_instances_are_not_parallel():
    assert walk("0 1!@a, 1 2@b, 2 2") == "1 [1] next_stage@1; 2 [2,3]"


def test_a_visit_knows_its_numbers_and_neighbours():
    visits, _ = _spans("0 1!", "1 2", "2 1", "3 2", "4 2")

    described = [(v["visit_seq"], v["visit_no"], v["previous_stage_no"], v["next_stage_no"]) for v in visits]
    assert described == [(1, 1, None, 2), (2, 1, 1, 1), (3, 2, 2, 2), (4, 2, 1, None)]


def test_active_time_is_gaps_of_at_most_half_an_hour_inside_a_visit():
    visits, [instance] = _spans("0 1!", "30 1", "61 1", "62 2", "63 2")

    assert [v["active_s"] for v in visits] == [1800, 60]
    assert instance["active_s"] == 1860


def test_in_parallel_active_time_is_counted_in_each_visit():
    visits, _ = _spans("0 1!@a", "1 1!@b", "5 1@a", "7 1@b", reentry="parallel")

    assert [v["active_s"] for v in visits] == [300, 360]


def test_stages_are_told_apart_up_to_the_sixtieth():
    events = [_event("0 1!") | {"candidates": 1 << 58}, _event("1 1") | {"candidates": 3 << 58}, _event("2 2")]
    [spans] = spans_of([_rules(stages=60)], [[*events[:2], {**events[1], "candidates": 1 << 59}, events[2]]])

    visits = [(v["stage_no"], v["interactions"]) for v in spans if v["visit_seq"]]
    assert visits == [(59, 2), (60, 1), (2, 1)]


def test_no_rows_give_no_spans():
    assert walk_journeys(INPUT.empty_table(), {}).num_rows == 0


SEQUENCE = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 7), st.integers(0, 3), st.integers(0, 3), st.sampled_from("ab ")),
    max_size=9,
)
RULES = st.builds(
    _rules,
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
