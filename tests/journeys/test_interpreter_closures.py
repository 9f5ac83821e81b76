"""The yardstick itself, worked out by hand: deadlines and exclusions."""

from __future__ import annotations

from dataclasses import replace

import pytest
from told import BUY, HOUR, LOOK, PAY, TRY, a_journey, a_stage, an_exclusion, an_exit, tell

# Deadlines


def test_inactivity_counts_from_the_last_journey_interaction_and_its_instant_is_inside():
    journey = replace(BUY, inactivity_s=HOUR)

    assert tell(journey, "seen@0 tried@60 tried@120 clicked@150 paid@180") == [
        "look>try>pay 0-180 converted by terminal at 180"
    ]
    assert tell(journey, "seen@0 tried@60 clicked@100 paid@120+") == [
        "look>try 0-60 dropped by inactivity at 120",
        "1 outside: no entry",
    ]


def test_max_wait_counts_from_the_entry_of_the_open_visit():
    journey = a_journey(replace(LOOK, max_wait_s=HOUR), TRY, PAY)

    assert tell(journey, "seen@0 seen@50 tried@60 tried@500") == ["look>try 0- in_progress"]
    assert tell(journey, "seen@0 seen@50 tried@60+") == [
        "look 0-50 dropped by max_wait at 60",
        "1 outside: no entry",
    ]


def test_max_wait_starts_anew_when_a_stage_is_visited_again():
    journey = a_journey(replace(LOOK, max_wait_s=HOUR), TRY)

    assert tell(journey, "seen@0 tried@50 seen@100 tried@160") == ["look>try>look>try 0- in_progress"]


def test_max_duration_counts_from_the_first_interaction():
    journey = replace(BUY, max_duration_s=HOUR)

    assert tell(journey, "seen@0 tried@30 paid@60") == ["look>try>pay 0-60 converted by terminal at 60"]
    assert tell(journey, "seen@0 tried@30 seen@60+", as_of=61) == [
        "look>try 0-30 dropped by max_duration at 60",
        "look 60+- in_progress until 120+",
    ]


@pytest.mark.parametrize(
    ("inactivity_s", "max_wait_s", "max_duration_s", "line"),
    [
        (1800, 1860, 1860, "look 0-0 dropped by inactivity at 30"),
        (1860, 1800, 1860, "look 0-0 dropped by max_wait at 30"),
        (1860, 1860, 1800, "look 0-0 dropped by max_duration at 30"),
        (1800, 1800, 1800, "look 0-0 dropped by inactivity at 30"),
        (1860, 1800, 1800, "look 0-0 dropped by max_wait at 30"),
    ],
)
def test_the_earliest_deadline_wins_and_of_equal_ones_inactivity_then_max_wait(
    inactivity_s, max_wait_s, max_duration_s, line
):
    journey = a_journey(replace(LOOK, max_wait_s=max_wait_s), inactivity_s=inactivity_s, max_duration_s=max_duration_s)

    assert tell(journey, "seen@0") == [line]


def test_as_of_is_a_moment_like_any_other():
    journey = replace(BUY, inactivity_s=HOUR)

    assert tell(journey, "seen@0", as_of=60) == ["look 0- in_progress until 60"]
    assert tell(journey, "seen@0", as_of=61) == ["look 0-0 dropped by inactivity at 60"]
    assert tell(journey, "seen@0 paid@31", as_of=30) == ["look 0- in_progress until 60"]


def test_an_open_instance_waits_for_the_earliest_of_its_deadlines():
    journey = a_journey(LOOK, replace(TRY, max_wait_s=HOUR), inactivity_s=2 * HOUR, max_duration_s=3 * HOUR)

    assert tell(journey, "seen@0", as_of=10) == ["look 0- in_progress until 120"]
    assert tell(journey, "seen@0 tried@10", as_of=10) == ["look>try 0- in_progress until 70"]
    assert tell(journey, "seen@0 tried@110 seen@150", as_of=150) == ["look>try>look 0- in_progress until 180"]


def test_a_deadline_goes_before_the_exit_that_comes_too_late():
    journey = replace(BUY, inactivity_s=HOUR, exits=(an_exit("left"),), exclusions=(an_exclusion("tested"),))

    assert tell(journey, "seen@0 left@60+") == ["look 0-0 dropped by inactivity at 60"]
    assert tell(journey, "seen@0 tested@60+") == ["look 0-0 dropped by inactivity at 60"]
    assert tell(journey, "seen@0 left@60") == ["look 0-60 exited by exit at 60"]


# Exclusions


def test_an_exclusion_voids_what_is_open_and_opens_no_visit():
    journey = replace(BUY, exclusions=(an_exclusion("tested"),))

    assert tell(journey, "seen@0 tested@7 paid@8") == ["look 0-7 void by excluded at 7", "1 outside: no entry"]
    assert tell(journey, "tested@0 seen@1 paid@2 tested@3") == ["look>pay 1-2 converted by terminal at 2"]


def test_an_exclusion_asks_for_its_attributes():
    journey = replace(BUY, exclusions=(an_exclusion("tried", where=(("who", ("staff",)),)),))

    assert tell(journey, "seen@0 tried@1 tried@2[who=staff]") == ["look>try 0-2 void by excluded at 2"]


def test_between_begins_with_the_first_visit_of_one_stage_and_ends_with_that_of_the_other():
    ask = a_stage("ask", "asked")
    journey = a_journey(LOOK, TRY, ask, PAY, exclusions=(an_exclusion("tested", between=("try", "ask")),))

    assert tell(journey, "seen@0 tested@1 tried@2 asked@3 tried@4 tested@5") == ["look>try>ask>try 0- in_progress"]
    assert tell(journey, "seen@0 tried@2 seen@3 tested@4") == ["look>try>look 0-4 void by excluded at 4"]


def test_between_counts_visits_of_the_instance_alone():
    journey = replace(BUY, exclusions=(an_exclusion("tested", between=("try", "pay")),))

    assert tell(journey, "seen@0 tried@1 paid@2 seen@3 tested@4") == [
        "look>try>pay 0-2 converted by terminal at 2",
        "look 3- in_progress",
    ]


def test_an_exclusion_does_not_act_on_the_visit_it_would_open_itself():
    journey = replace(BUY, exclusions=(an_exclusion("tried", between=("try", "pay")),))

    assert tell(journey, "seen@0 tried@1") == ["look>try 0- in_progress"]
    assert tell(journey, "seen@0 tried@1 tried@2") == ["look>try 0-2 void by excluded at 2"]


def test_an_exclusion_that_does_not_act_is_an_entry_like_any_other():
    journey = replace(BUY, exclusions=(an_exclusion("seen"),))

    assert tell(journey, "seen@0 seen@1 seen@2") == ["look 0-1 void by excluded at 1", "look 2- in_progress"]


def test_an_exclusion_that_does_not_act_counts_outside_where_it_is_a_journey_interaction():
    assert tell(replace(BUY, exclusions=(an_exclusion("tried"),)), "tried@0") == ["1 outside: no entry"]


def test_an_exclusion_goes_before_an_exit_and_a_restart():
    rules = {"exclusions": (an_exclusion("left", "seen", between=("look", "try")),), "exits": (an_exit("left"),)}

    assert tell(replace(BUY, **rules), "seen@0 left@1") == ["look 0-1 void by excluded at 1"]
    assert tell(replace(BUY, **rules), "seen@0 tried@1 left@2") == ["look>try 0-2 exited by exit at 2"]
    assert tell(replace(BUY, **rules, reentry="restart"), "seen@0 seen@1") == ["look 0-1 void by excluded at 1"]
