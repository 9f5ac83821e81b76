"""What the differences between two versions of a journey say."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipelines.journeys.model import Journey, Stage
from pipelines.journeys.spec import load_journeys
from pipelines.journeys.versions import list_changes, list_version_changes
from quality.company import Touchpoint

TOUCHPOINTS = {name: Touchpoint(name, name, attributes=("size",)) for name in ("seen", "tried", "paid", "left", "test")}
FIRST = {
    **{"journey": "buy", "version": 1, "status": "approved", "name": "Buy", "use_case": "acquisition"},
    **{"entry": {"touchpoints": ["seen"]}, "timeouts": {"inactivity": "14d"}},
    "stages": [
        {"id": "look", "touchpoints": ["seen"]},
        {"id": "try", "touchpoints": ["tried"], "where": {"size": [1, 2]}, "sla": "36h"},
        {"id": "ask", "touchpoints": ["left"], "mandatory": False},
        {"id": "pay", "touchpoints": ["paid"], "terminal": "converted"},
    ],
    "transitions": [["look", "try"], ["try", "pay"]],
    "exits": [{"touchpoints": ["left"], "where": {"size": 9}}],
}
SECOND = FIRST | {
    **{"version": 2, "status": "future", "parent": "life.buy"},
    "entry": {"touchpoints": ["seen", "tried"], "reentry": "after_cooldown:30d"},
    "timeouts": {"max_duration": "60d"},
    "stages": [
        {"id": "try", "touchpoints": ["tried", "left"], "where": {"size": 2}, "max_wait": "10d", "sla": "36h"},
        {"id": "look", "touchpoints": ["seen"], "expects": {"duration_p50": "1d"}},
        {"id": "sign", "touchpoints": ["paid"]},
        {"id": "pay", "touchpoints": ["paid"], "terminal": "signed"},
    ],
    "exits": [{"touchpoints": ["left"]}],
    "exclude": [{"touchpoints": ["test"], "between": ["try", "pay"], "where": {"size": [1, 3]}}],
}


def _load(folder, *documents):
    for number, document in enumerate(documents):
        (folder / f"{number}.yml").write_text(yaml.safe_dump(document))
    return load_journeys(folder, TOUCHPOINTS)


def test_every_difference_is_named_with_what_it_said(tmp_path):
    first, second = _load(tmp_path, FIRST, SECOND)

    assert [tuple(change) for change in list_changes(first, second)] == [
        ("stage", "moved", "stages.try", "2", "1"),
        ("stage", "removed", "stages.ask", "3", None),
        ("stage", "added", "stages.sign", None, "3"),
        ("status", "changed", "status", "approved", "future"),
        ("entry", "changed", "entry.reentry", "after_end", "after_cooldown:30d"),
        ("deadline", "removed", "timeouts.inactivity", "14d", None),
        ("where", "changed", "stages.try.where.size", "1, 2", "2"),
        ("outcome", "changed", "stages.pay.terminal", "converted", "signed"),
        ("exit", "changed", "exits.left", "size = 9", "always"),
        ("parent", "added", "parent", None, "life.buy"),
        ("touchpoint", "added", "entry.touchpoints.tried", None, "tried"),
        ("deadline", "added", "timeouts.max_duration", None, "60d"),
        ("touchpoint", "added", "stages.try.touchpoints.left", None, "left"),
        ("deadline", "added", "stages.try.max_wait", None, "10d"),
        ("expectation", "added", "stages.look.expects.duration_p50_s", None, "86400"),
        ("exclusion", "added", "exclude.test", None, "between try and pay, size = 1 or 3"),
    ]


def test_the_same_rules_under_another_number_are_no_difference(tmp_path):
    first, second = _load(tmp_path, FIRST, FIRST | {"version": 2})

    assert list_changes(first, second) == []


def test_versions_are_compared_with_the_one_before_of_the_same_journey(tmp_path):
    others = (FIRST | {"journey": "a"}, SECOND | {"journey": "b"})
    journeys = _load(tmp_path, FIRST, FIRST | {"version": 5}, FIRST | {"version": 3}, *others)

    compared = [(before.journey_key, after.journey_key) for before, after, _ in list_version_changes(journeys)]
    assert compared == [("buy@1", "buy@3"), ("buy@3", "buy@5")]


def _journey(stages: list[str]) -> Journey:
    made = tuple(Stage(s, s, ("seen",)) for s in stages)
    head = (None, "buy", 1, "approved", "Buy", None, "acquisition", None, None, "customer")
    return Journey(*head, ("seen",), None, made, (), (), "")


@given(st.permutations("abcde"), st.permutations("cdefg"))
def test_stages_come_go_and_move_as_they_do_in_the_lists(before, after):
    changes = list_changes(_journey(before), _journey(after))

    by_change = {c: {x.path.removeprefix("stages.") for x in changes if x.change == c} for c in ("added", "removed")}
    assert by_change == {"added": {"f", "g"}, "removed": {"a", "b"}}
    moved = {x.path.removeprefix("stages.") for x in changes if x.change == "moved"}
    stayed = [s for s in before if s in after and s not in moved]
    assert stayed == [s for s in after if s in before and s not in moved]


@given(st.permutations("abcde"))
def test_swapping_two_versions_swaps_before_and_after(order):
    there = list_changes(_journey(list("abcd")), _journey(order))
    back = list_changes(_journey(order), _journey(list("abcd")))

    assert {(c.path, c.before, c.after) for c in there if c.change != "moved"} == {
        (c.path, c.after, c.before) for c in back if c.change != "moved"
    }
