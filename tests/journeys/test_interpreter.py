"""The yardstick itself, worked out by hand: what opens, which stage is visited, what the rows say."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from interpreted_rows import instance_row, visit_rows, walk_everyone
from interpreter import walk
from told import BUY, LOOK, PAY, TRY, a_journey, a_stage, an_exit, events, minute, tell

# Entries and ends


def test_an_entry_opens_and_a_terminal_converts():
    assert tell(BUY, "seen@0 tried@10 paid@20") == ["look>try>pay 0-20 converted by terminal at 20"]


def test_a_terminal_names_its_own_outcome():
    assert tell(a_journey(LOOK, replace(PAY, terminal="declined")), "seen@0 paid@5") == [
        "look>pay 0-5 declined by terminal at 5"
    ]


def test_an_open_instance_has_no_end_and_without_deadlines_waits_for_none():
    assert tell(BUY, "seen@0 tried@10") == ["look>try 0- in_progress"]


def test_while_nothing_is_open_only_an_entry_opens():
    assert tell(BUY, "tried@0 paid@1 seen@2") == ["look 2- in_progress", "2 outside: no entry"]


def test_after_a_terminal_only_an_entry_opens_the_next():
    assert tell(BUY, "seen@0 paid@1 tried@2 seen@3") == [
        "look>pay 0-1 converted by terminal at 1",
        "look 3- in_progress",
        "1 outside: no entry",
    ]


def test_an_entry_that_matches_no_stage_is_no_journey_interaction():
    only_large = a_journey(replace(LOOK, where=(("size", ("large",)),)), PAY)

    assert tell(only_large, "seen@0 seen@1[size=small] paid@2") == ["1 outside: no entry"]


def test_where_wants_every_attribute_in_its_list():
    picky = a_journey(replace(LOOK, where=(("kind", ("x",)), ("size", ("1", "2")))), PAY)

    assert tell(picky, "seen@0[size=1] seen@1[kind=x] seen@2[size=3,kind=x] seen@3[size=2,kind=x]") == [
        "look 3- in_progress"
    ]


def test_numbers_and_flags_of_attributes_are_compared_as_their_json_text():
    journey = a_journey(replace(LOOK, where=(("paid", ("true",)), ("size", ("2",)))))
    event = events("seen@0")[0] | {"attributes": '{"size": 2, "paid": true}'}

    assert len(walk(journey, [event], minute(9))[0]) == 1


def test_a_null_attribute_is_missing():
    journey = a_journey(replace(LOOK, where=(("size", ("null", "None")),)))
    event = events("seen@0")[0] | {"attributes": '{"size": null}'}

    assert walk(journey, [event], minute(9))[0] == []


def test_a_terminal_goes_before_a_stage_declared_earlier():
    journey = a_journey(LOOK, a_stage("ask", "paid"), PAY)

    assert tell(journey, "seen@0 paid@1") == ["look>pay 0-1 converted by terminal at 1"]


def test_an_entry_that_is_terminal_opens_and_closes_at_once():
    journey = a_journey(replace(LOOK, terminal="converted"))

    assert tell(journey, "seen@0 seen@5") == [
        "look 0-0 converted by terminal at 0",
        "look 5-5 converted by terminal at 5",
    ]


def test_an_exit_ends_at_its_time_and_opens_no_visit():
    journey = replace(BUY, exits=(an_exit("left"),))

    assert tell(journey, "seen@0 left@30 tried@31") == ["look 0-30 exited by exit at 30", "1 outside: no entry"]


def test_an_exit_with_nothing_open_does_nothing_even_where_it_is_an_entry():
    journey = replace(BUY, exits=(an_exit("seen", where=(("size", ("bye",)),)),))

    assert tell(journey, "seen@0[size=bye]") == []
    assert tell(journey, "seen@0 seen@1[size=bye] seen@2[size=bye]") == ["look 0-1 exited by exit at 1"]


def test_an_exit_goes_before_a_terminal():
    assert tell(replace(BUY, exits=(an_exit("paid"),)), "seen@0 paid@1") == ["look 0-1 exited by exit at 1"]


# Stages and moves


def test_of_several_stages_the_current_one_is_kept():
    journey = a_journey(LOOK, a_stage("try", "tried", "asked"), a_stage("ask", "asked"))

    assert tell(journey, "seen@0 tried@1 asked@2") == ["look>try 0- in_progress"]


def test_of_several_stages_the_first_after_the_current_one_comes_next():
    journey = a_journey(a_stage("help", "asked"), LOOK, TRY, a_stage("ask", "asked"), a_stage("beg", "asked"))

    assert tell(journey, "seen@0 asked@1") == ["look>ask 0- in_progress"]


def test_of_several_earlier_stages_the_first_declared_is_taken():
    journey = a_journey(a_stage("help", "asked"), a_stage("ask", "asked"), LOOK)

    assert tell(journey, "seen@0 asked@1") == ["look>help 0- in_progress"]


def test_moves_are_named_after_the_place_of_the_stage_and_what_was_visited():
    journey = a_journey(a_stage("ad", "clicked"), LOOK, TRY, a_stage("ask", "asked"))
    told = events("seen@0 asked@1 clicked@2 seen@3 tried@4 seen@5 asked@6")

    visits = walk(journey, told, minute(9))[0][0].visits

    assert [(v.stage.stage_id, v.move) for v in visits] == [
        ("look", "entry"),
        ("ask", "skip"),
        ("ad", "back"),
        ("look", "loop"),
        ("try", "forward"),
        ("look", "loop"),
        ("ask", "loop"),
    ]


def test_interactions_are_ordered_by_time_priority_sequence_slot_and_id():
    base = events("seen@1")[0]
    rules = [a_stage(name, name) for name in "abcdefg"]
    journey = a_journey(*rules, entry=tuple("abcdefg"))
    told = [
        base | {"touchpoint": "a", "occurred_at": minute(0), "priority": 99},
        base | {"touchpoint": "b", "priority": 10, "sequence": 9},
        base | {"touchpoint": "c", "sequence": 1, "slot": 9},
        base | {"touchpoint": "d", "sequence": 2, "slot": 1, "interaction_id": "9"},
        base | {"touchpoint": "e", "sequence": 2, "slot": 2, "interaction_id": "2"},
        base | {"touchpoint": "f", "sequence": 2, "slot": 2, "interaction_id": "3"},
        base | {"touchpoint": "g", "sequence": None, "slot": 1, "interaction_id": "1"},  # none comes last
    ]
    random.Random(1).shuffle(told)

    path = [visit.stage.stage_id for visit in walk(journey, told, minute(9))[0][0].visits]

    assert path == list("abcdefg")


# Rows


def test_the_times_of_visits_add_up_and_only_short_gaps_are_active():
    journey = a_journey(replace(LOOK, sla_s=45 * 60), replace(TRY, sla_s=45 * 60), exits=(an_exit("left"),))
    told = events("seen@0 seen@10 seen@40 seen@71 tried@80 left@125")

    (instance,) = walk(journey, told, minute(500))[0]
    rows = visit_rows("c", journey, instance)

    assert [(r.duration_s // 60, r.active_s // 60, r.wait_s // 60, r.sla_breached) for r in rows] == [
        (80, 40, 40, True),
        (45, 0, 45, False),  # the target itself is kept
    ]
    assert [(r.exit_reason, r.previous_stage, r.next_stage) for r in rows] == [
        ("next_stage", None, "try"),
        ("exit", "look", None),
    ]


def test_half_an_hour_and_a_target_are_over_a_microsecond_later():
    journey = a_journey(replace(LOOK, sla_s=30 * 60), TRY)

    on_time, late = (
        visit_rows("c", journey, walk(journey, events(told), minute(500))[0][0])[0]
        for told in ("seen@0 seen@30 tried@30", "seen@0 seen@30+ tried@30+")
    )

    assert (on_time.duration_s, on_time.active_s, on_time.sla_breached) == (1800, 1800, False)
    assert (late.duration_s, late.active_s, late.sla_breached) == (1800, 0, True)


def test_visits_of_a_stage_are_numbered():
    rows = visit_rows("c", BUY, walk(BUY, events("seen@0 tried@1 seen@2"), minute(500))[0][0])

    assert [(row.visit_seq, row.stage_id, row.visit_no) for row in rows] == [
        (1, "look", 1),
        (2, "try", 1),
        (3, "look", 2),
    ]


def test_an_open_visit_has_no_duration_and_breaches_nothing():
    journey = a_journey(replace(LOOK, sla_s=60))
    (row,) = visit_rows("c", journey, walk(journey, events("seen@0 seen@5"), minute(500))[0][0])

    assert (row.exited_at, row.duration_s, row.wait_s, row.sla_breached, row.active_s) == (None, None, None, None, 300)


def test_durations_are_whole_seconds_of_the_clock():
    told = events("seen@0 paid@1")
    told[0]["occurred_at"] += timedelta(microseconds=999_999)

    rows = visit_rows("c", BUY, walk(BUY, told, minute(500))[0][0])

    assert [row.duration_s for row in rows] == [60, 0]


def test_value_and_cost_are_those_of_the_interactions_in_visits():
    journey = replace(BUY, exits=(an_exit("left"),))
    told = events("seen@0 seen@1 tried@2 left@3")
    for event, value in zip(told, ("1.10", None, "2.20", "9.99"), strict=True):
        event["value"] = value and Decimal(value)

    instance = walk(journey, told, minute(9))[0][0]

    row = instance_row("c", journey, instance)
    assert (row.value, row.cost, row.interactions, row.stages_visited) == (Decimal("3.30"), None, 3, 2)
    assert [visit.value for visit in visit_rows("c", journey, instance)] == [Decimal("1.10"), Decimal("2.20")]


def test_a_journey_of_accounts_takes_all_their_people_and_leaves_out_who_has_none():
    told = events("seen@0 tried@1 tried@2")
    for event, customer, account in zip(told, ("ann", None, "bob"), ("acme", "acme", None), strict=True):
        event |= {"customer_id": customer, "account_key": account}
    of_accounts = replace(BUY, entity="account")

    found = [(j.entity, who, [len(i.visits) for i in there], list(out.values())) for j, who, there, out in
             walk_everyone([BUY, of_accounts], told, minute(9))]  # fmt: skip

    assert found == [
        ("customer", "ann", [1], []),
        ("customer", "bob", [], ["no entry"]),
        ("account", "acme", [2], []),
    ]
