"""The walk, step by step: every re-entry mode, deadline, exit and exclusion, worked out by hand (told_walks.py)."""

from __future__ import annotations

import pytest
from told_walks import walk


def test_an_entry_opens_and_what_matches_follows():
    assert walk("0 1!, 1 2, 2 2, 3 1!") == "1 [1] next_stage@1; 2 [2,3] next_stage@3; 1 [4]"


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
