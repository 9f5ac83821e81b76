"""What holds of every walk: nothing is lost, times add up, the past stays, the order of arrival does not matter."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from interpreted_rows import seconds, visit_rows
from interpreter import meets, walk
from random_journeys import START
from small_walks import AS_OF_MIN, CHECKED, small_journeys, small_walks

END = START + timedelta(minutes=AS_OF_MIN)


@CHECKED
@given(journey=small_journeys(), told=small_walks())
def test_every_journey_interaction_is_in_one_visit_or_outside_or_acts_as_exit_or_exclusion(journey, told):
    instances, outside = walk(journey, told, END)

    joined = [e["interaction_id"] for i in instances for v in i.visits for e in v.interactions]
    assert len(joined) == len(set(joined))
    past = [e for e in told if e["occurred_at"] <= END and any(meets(stage, e) for stage in journey.stages)]
    may_act = [e for e in past if any(meets(rule, e) for rule in (*journey.exits, *journey.exclusions))]
    assert len(past) - len(may_act) <= len(joined) + len(outside) <= len(past)


@CHECKED
@given(journey=small_journeys(), told=small_walks())
def test_visits_follow_each_other_without_a_gap_and_add_up_to_their_instance(journey, told):
    for instance in walk(journey, told, END)[0]:
        visits = instance.visits
        assert [v.exited_at for v in visits[:-1]] == [v.entered_at for v in visits[1:]]
        assert all(earlier.stage is not later.stage for earlier, later in zip(visits, visits[1:], strict=False))
        assert (instance.ended_at is None) == instance.is_open == (instance.outcome == "in_progress")
        if not instance.is_open:
            whole = seconds(instance.ended_at) - seconds(visits[0].entered_at)
            assert sum(row.duration_s for row in visit_rows("c", journey, instance)) == whole
            assert visits[-1].last_at <= instance.ended_at <= instance.closed_at <= END


@CHECKED
@given(journey=small_journeys(), told=small_walks())
def test_instances_of_one_key_never_overlap(journey, told):
    instances, _ = walk(journey, told, END)

    for key in {instance.key for instance in instances}:
        alike = [instance for instance in instances if instance.key == key]
        assert all(a.closed_at <= b.visits[0].entered_at for a, b in zip(alike, alike[1:], strict=False))
    assert journey.reentry != "never" or len(instances) <= 1


@CHECKED
@given(journey=small_journeys(), told=small_walks(), random=st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(journey, told, random):
    shuffled = random.sample(told, len(told))

    assert walk(journey, shuffled, END) == walk(journey, told, END)


@CHECKED
@given(journey=small_journeys(), told=small_walks(), earlier=st.sampled_from([0, 30, 60, 90, 240]))
def test_what_was_closed_stays_closed_and_nothing_changes_before_the_announced_moment(journey, told, earlier):
    then = START + timedelta(minutes=earlier)
    before, _ = walk(journey, told, then)
    after, _ = walk(journey, [e for e in told if e["occurred_at"] <= then], END)

    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        if not old.is_open:
            assert new == old
        elif old.next_change_at is not None and old.next_change_at < END:
            assert (new.outcome, new.closed_at) == ("dropped", old.next_change_at)
        else:
            assert new == old
