"""When a check is told: as often as its level rises, again after a while, once when it holds again."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipelines.alerts.change import FAILED, HOLDS, LEVELS, STILL, WORSE, judge

START = datetime(2026, 1, 5, 3)
DAY = timedelta(days=1)
WEEK = 7 * DAY
results = st.lists(st.sampled_from(["holds", "record", "warn", "block"]), max_size=30)


def events(said: list[str], every: timedelta = DAY, remind_after: timedelta = WEEK) -> list[str | None]:
    """What is told of a check that says this, one evaluation after the other."""
    standing, told = None, []
    for number, severity in enumerate(said):
        success = severity == "holds"
        standing, event = judge(
            standing,
            severity="warn" if success else severity,
            success=success,
            at=START + number * every,
            remind_after=remind_after,
        )
        told.append(event)
    return told


def levels(said: list[str]) -> list[int]:
    return [LEVELS.get(word, 0) for word in said]


@given(results)
def test_a_check_is_told_exactly_as_often_as_its_level_rises(said):
    told = events(said, remind_after=1000 * DAY)
    seen = levels(said)
    rises = [after > before for before, after in zip([0, *seen], seen, strict=False)]
    assert [event in (FAILED, WORSE) for event in told] == rises
    assert STILL not in told


@given(results)
def test_it_holds_again_at_most_once_for_each_time_it_failed(said):
    told = [e for e in events(said, remind_after=1000 * DAY) if e in (FAILED, HOLDS)]
    assert all(a != b for a, b in zip(told, told[1:], strict=False) if HOLDS in (a, b))
    assert told[:1] != [HOLDS]


@given(results, st.integers(1, 40))
def test_no_two_tellings_of_an_unchanged_failure_are_closer_than_the_reminder(said, hours):
    told = events(said, every=timedelta(hours=hours), remind_after=WEEK)
    last = None
    for number, event in enumerate(told):
        at = START + number * timedelta(hours=hours)
        assert event != STILL or at - last >= WEEK
        last = at if event in (FAILED, WORSE, STILL) else last


@given(results.filter(bool), st.data())
def test_an_evaluation_taken_up_twice_or_too_late_changes_nothing(said, data):
    standing = None
    for number, severity in enumerate(said):
        standing, _ = judge(
            standing, severity="warn", success=severity == "holds", at=START + number * DAY, remind_after=WEEK
        )
    old = data.draw(st.integers(0, len(said) - 1))
    again = judge(standing, severity="block", success=False, at=START + old * DAY, remind_after=WEEK)
    assert again == (standing, None)


def test_what_only_records_is_never_told():
    assert events(["record", "holds", "record", "record"]) == [None] * 4


def test_a_failure_that_stays_is_told_again_every_week():
    assert [number for number, event in enumerate(events(["warn"] * 16)) if event] == [0, 7, 14]


def test_a_warning_that_becomes_a_block_is_told_at_once():
    assert events(["warn", "warn", "block", "block", "holds"]) == [FAILED, None, WORSE, None, HOLDS]
