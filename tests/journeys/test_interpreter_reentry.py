"""The yardstick itself, worked out by hand: the five modes of re-entry."""

from __future__ import annotations

from dataclasses import replace

from interpreter import walk
from told import BUY, HOUR, LOOK, PAY, TRY, a_journey, an_exclusion, an_exit, events, minute, tell

BY_ORDER = replace(BUY, reentry="parallel", correlate_by="order_id")


def test_after_end_takes_a_further_entry_as_an_ordinary_interaction():
    assert tell(BUY, "seen@0 tried@1 seen@2") == ["look>try>look 0- in_progress"]


def test_never_lets_an_entity_walk_once_even_if_that_walk_was_void():
    once = replace(BUY, reentry="never", exclusions=(an_exclusion("tested"),))

    assert tell(once, "seen@0 paid@1 seen@2 tried@3") == [
        "look>pay 0-1 converted by terminal at 1",
        "1 outside: no entry",
        "1 outside: once only",
    ]
    assert tell(once, "seen@0 tested@1 seen@2") == ["look 0-1 void by excluded at 1", "1 outside: once only"]


def test_a_cooldown_begins_at_the_end_and_is_over_at_its_last_instant():
    calm = replace(BUY, reentry="after_cooldown", cooldown_s=HOUR)

    assert tell(calm, "seen@0 paid@10 seen@69 seen@70 paid@71") == [
        "look>pay 0-10 converted by terminal at 10",
        "look>pay 70-71 converted by terminal at 71",
        "1 outside: cooldown",
    ]


def test_a_cooldown_counts_from_the_last_interaction_of_a_timeout_and_the_time_of_an_exit_or_exclusion():
    calm = replace(
        BUY,
        **{"reentry": "after_cooldown", "cooldown_s": 3 * HOUR, "inactivity_s": HOUR},
        **{"exits": (an_exit("left"),), "exclusions": (an_exclusion("tested"),)},
    )

    assert tell(calm, "seen@0 seen@179 seen@180", as_of=181) == [
        "look 0-0 dropped by inactivity at 60",
        "look 180- in_progress until 240",
        "1 outside: cooldown",
    ]
    assert tell(calm, "seen@0 left@20 seen@199 seen@200", as_of=201)[1:] == [
        "look 200- in_progress until 260",
        "1 outside: cooldown",
    ]
    assert tell(calm, "seen@0 tested@20 seen@199 seen@200", as_of=201)[1:] == [
        "look 200- in_progress until 260",
        "1 outside: cooldown",
    ]


def test_a_cooldown_does_not_bind_while_something_is_open():
    calm = replace(BUY, reentry="after_cooldown", cooldown_s=HOUR)

    assert tell(calm, "seen@0 seen@1 tried@2 seen@3") == ["look>try>look 0- in_progress"]


def test_restart_closes_at_the_entry_which_opens_the_next():
    assert tell(replace(BUY, reentry="restart"), "seen@0 tried@5 seen@9 seen@9 paid@12") == [
        "look>try 0-9 restarted by restarted at 9",
        "look 9-9 restarted by restarted at 9",
        "look>pay 9-12 converted by terminal at 12",
    ]


def test_a_restarting_entry_may_be_terminal():
    journey = a_journey(LOOK, PAY, entry=("seen", "paid"), reentry="restart")

    assert tell(journey, "seen@0 paid@5") == [
        "look 0-5 restarted by restarted at 5",
        "pay 5-5 converted by terminal at 5",
    ]


def test_a_deadline_goes_before_a_restart():
    assert tell(replace(BUY, reentry="restart", inactivity_s=HOUR), "seen@0 seen@60+", as_of=61) == [
        "look 0-0 dropped by inactivity at 60",
        "look 60+- in_progress until 120+",
    ]


def test_an_entry_touchpoint_that_matches_no_stage_does_not_restart():
    journey = a_journey(replace(LOOK, where=(("size", ("large",)),)), TRY, reentry="restart")

    assert tell(journey, "seen@0[size=large] seen@1") == ["look 0- in_progress"]


# Parallel instances


def test_every_key_has_an_instance_of_its_own():
    assert tell(BY_ORDER, "seen@0#a seen@1#b tried@2#a paid@3#b seen@4#a") == [
        "a: look>try>look 0- in_progress",
        "b: look>pay 1-3 converted by terminal at 3",
    ]


def test_a_key_opens_again_after_its_end():
    assert tell(BY_ORDER, "seen@0#a paid@1#a seen@2#a") == [
        "a: look>pay 0-1 converted by terminal at 1",
        "a: look 2- in_progress",
    ]


def test_a_keyed_interaction_that_is_no_entry_is_outside_while_its_key_has_nothing_open():
    assert tell(BY_ORDER, "seen@0#a tried@1#b") == ["a: look 0- in_progress", "1 outside: no entry"]


def test_without_a_key_it_joins_the_only_open_instance():
    assert tell(BY_ORDER, "seen@0#a tried@1 seen@2 paid@3") == ["a: look>try>look>pay 0-3 converted by terminal at 3"]


def test_without_a_key_it_joins_none_of_two_and_opens_none():
    assert tell(BY_ORDER, "seen@0 seen@1#a seen@2#b tried@3 seen@4") == [
        "a: look 1- in_progress",
        "b: look 2- in_progress",
        "1 outside: no entry",
        "2 outside: no key",
    ]


def test_deadlines_run_per_instance_and_are_over_before_an_interaction_looks_for_the_only_one():
    journey = replace(BY_ORDER, inactivity_s=HOUR)

    assert tell(journey, "seen@0#a seen@30#b tried@60#b tried@61", as_of=61) == [
        "a: look 0-0 dropped by inactivity at 60",
        "b: look>try 30- in_progress until 121",
    ]
    assert tell(journey, "seen@0#a seen@30#b tried@60", as_of=60) == [
        "a: look 0- in_progress until 60",
        "b: look 30- in_progress until 90",
        "1 outside: no entry",
    ]


def test_exits_and_exclusions_concern_the_instance_of_their_key():
    journey = replace(BY_ORDER, exits=(an_exit("left"),), exclusions=(an_exclusion("tested"),))

    assert tell(journey, "seen@0#a seen@1#b left@2#b tested@3#a left@4#c") == [
        "a: look 0-3 void by excluded at 3",
        "b: look 1-2 exited by exit at 2",
    ]


def test_exits_and_exclusions_without_a_key_concern_the_only_open_instance_or_none():
    journey = replace(BY_ORDER, exits=(an_exit("left"),), exclusions=(an_exclusion("tested"),))

    assert tell(journey, "seen@0#a left@1 seen@2#b tested@3") == [
        "a: look 0-1 exited by exit at 1",
        "b: look 2-3 void by excluded at 3",
    ]
    assert tell(journey, "seen@0#a seen@1#b left@2 tested@3") == ["a: look 0- in_progress", "b: look 1- in_progress"]


def test_an_exit_of_a_key_with_nothing_open_does_nothing_even_where_it_is_an_entry():
    journey = replace(BY_ORDER, exits=(an_exit("seen", where=(("size", ("bye",)),)),))

    assert tell(journey, "seen@0#a seen@1#b[size=bye]") == ["a: look 0- in_progress"]


def test_between_counts_the_visits_of_the_instance_of_the_key():
    journey = replace(BY_ORDER, exclusions=(an_exclusion("tested", between=("try", "pay")),))

    assert tell(journey, "seen@0#a seen@1#b tried@2#a tested@3#b tested@4#a") == [
        "a: look>try 0-4 void by excluded at 4",
        "b: look 1- in_progress",
    ]


def test_cases_and_attributes_are_keys_as_well():
    case = [event | {"case_key": key} for event, key in zip(events("seen@0 seen@1"), ("c1", "c2"), strict=True)]

    assert [i.key for i in walk(replace(BY_ORDER, correlate_by="case_id"), case, minute(9))[0]] == ["c1", "c2"]
    assert tell(replace(BY_ORDER, correlate_by="trip"), "seen@0#a[trip=x] seen@1#a[trip=y] tried@2[trip=x]") == [
        "x: look>try 0- in_progress",
        "y: look 1- in_progress",
    ]
