"""Alignment of paths with a map: by hand, against a plain search, and by putting the path right with its deviations."""

from __future__ import annotations

import heapq
import json
import time

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.journeys.align import align_variants

LINEAR = {"stages": list("abcd"), "mandatory": [1, 2, 4], "entry": [1], "final": [4]}
LINEAR["moves"] = [[1, 2], [2, 3], [2, 4], [3, 4]]  # c is optional


def align(net: dict, *paths: str) -> list[dict]:
    return align_variants(pa.array([json.dumps(net)] * len(paths)), pa.array(list(paths), pa.string())).to_pylist()


def told(aligned: dict) -> list[tuple]:
    return [(d["kind"], d["stage_id"], d["visit_seq"]) for d in aligned["deviations"]]


@pytest.mark.parametrize(
    ("path", "deviations"),
    [
        ("a>b>c>d", []),
        ("a>b>d", []),
        ("a>c>d", [("skipped", "b", 2)]),
        ("a>b>a>d", [("loop", "a", 3)]),
        ("a>b>a>b>d", [("loop", "a", 3), ("loop", "b", 4)]),
        ("a>c>b>d", [("unexpected", "c", 2)]),
        ("a>c>b>c>d", [("unexpected", "c", 2)]),
        ("a>b", [("missing", "d", 2)]),
        ("a", [("missing", "b", 1), ("missing", "d", 1)]),
        ("a>b>c>b>d", [("loop", "b", 4)]),
        ("a>c>d>b", [("skipped", "b", 2), ("backward", "b", 4)]),
    ],
)
def test_deviations_are_those_a_reader_sees(path, deviations):
    [aligned] = align(LINEAR, path)

    assert told(aligned) == deviations
    assert aligned["cost"] == len(deviations)
    assert aligned["fitness"] == pytest.approx(1 - len(deviations) / (len(path.split(">")) + 3))
    assert [d["deviation_no"] for d in aligned["deviations"]] == list(range(1, len(deviations) + 1))


def test_an_optional_stage_the_map_demands_is_missing_not_skipped():
    net = {"stages": ["a", "b", "c"], "mandatory": [1, 3], "entry": [1], "final": [3], "moves": [[1, 2], [2, 3]]}

    assert told(align(net, "a>c")[0]) == [("missing", "b", 2)]


def test_a_map_without_a_complete_walk_judges_nothing():
    net = {"stages": ["a", "b"], "mandatory": [1, 2], "entry": [1], "final": [2], "moves": []}

    assert align(net, "a", "a>b") == [{"cost": None, "fitness": None, "deviations": []}] * 2


def test_a_stage_unknown_to_the_map_is_refused():
    with pytest.raises(ValueError, match="1 visits of stages the map does not have"):
        align(LINEAR, "a>z")


def test_paths_of_several_journeys_are_each_aligned_with_their_own_map():
    short = {"stages": ["d", "a"], "mandatory": [1], "entry": [2], "final": [1], "moves": [[2, 1]]}
    nets = [json.dumps(net) for net in (LINEAR, short, LINEAR)]

    aligned = align_variants(pa.array(nets), pa.array(["a>d", "a>d", "a>b>d"]))

    assert [row["cost"] for row in aligned.to_pylist()] == [1, 0, 0]


def test_no_path_gives_no_row():
    assert align_variants(pa.array([], pa.string()), pa.array([], pa.string())).to_pylist() == []


@st.composite
def nets_and_paths(draw):
    count = draw(st.integers(1, 6))
    numbers = st.integers(1, count)
    some = st.lists(numbers, min_size=1, unique=True)
    net = {
        **{"stages": [f"s_{n}" for n in range(count)], "mandatory": draw(some), "entry": draw(some)},
        **{"final": draw(some), "moves": draw(st.lists(st.tuples(numbers, numbers), unique=True, max_size=12))},
    }
    paths = draw(st.lists(st.lists(st.integers(0, count - 1), min_size=1, max_size=9), min_size=1, max_size=8))
    return net, [">".join(f"s_{n}" for n in path) for path in paths]


@settings(max_examples=300, deadline=None)
@given(nets_and_paths())
def test_cost_is_that_of_a_plain_search(drawn):
    net, paths = drawn

    assert [aligned["cost"] for aligned in align(net, *paths)] == [_search(net, path) for path in paths]


@settings(max_examples=300, deadline=None)
@given(nets_and_paths())
def test_a_path_put_right_by_its_deviations_is_a_walk_over_the_map(drawn):
    net, paths = drawn

    for path, aligned in zip(paths, align(net, *paths), strict=True):
        if aligned["cost"] is not None:
            assert any(_is_walk(net, walk) for walk in _put_right(path, aligned["deviations"]))
            assert aligned["cost"] == len(aligned["deviations"])
            assert 0 <= aligned["fitness"] <= 1


def test_ten_thousand_distinct_paths_take_about_a_second():
    rng = np.random.default_rng(3)
    net = {"stages": [f"s_{n}" for n in range(10)], "mandatory": list(range(1, 11)), "entry": [1, 2], "final": [10]}
    net["moves"] = [[n, n + 1] for n in range(1, 10)]
    paths = {">".join(f"s_{n}" for n in rng.integers(0, 10, rng.integers(1, 30))) for _ in range(11_000)}

    start = time.process_time()
    align(net, *paths)

    assert len(paths) >= 10_000
    assert time.process_time() - start < 5  # 0.5 s when nothing else runs


def _ways(net: dict) -> dict[int, list[int]]:
    ways = {0: list(net["entry"])}
    for start, end in net["moves"]:
        ways.setdefault(start, []).append(end)
    return ways


def _search(net: dict, path: str) -> int | None:
    """Dijkstra over (visits read, place on the map)."""
    letters = [net["stages"].index(stage) + 1 for stage in path.split(">")]
    ways, queue, done = _ways(net), [(0, 0, 0)], set()
    while queue:
        cost, read, place = heapq.heappop(queue)
        if read == len(letters) and place in net["final"]:
            return cost
        if (read, place) in done:
            continue
        done.add((read, place))
        if read < len(letters):
            heapq.heappush(queue, (cost + 1, read + 1, place))
        for following in ways.get(place, []):
            heapq.heappush(queue, (cost + 1, read, following))
            if read < len(letters) and letters[read] == following:
                heapq.heappush(queue, (cost, read + 1, following))
    return None


def _put_right(path: str, deviations: list[dict]):
    """The visits less those that deviate, with the stages left out put in before the visit that came instead; of those
    told of the last visit any number may belong behind it."""
    visits = path.split(">")
    gone = {d["visit_seq"] for d in deviations if d["kind"] not in ("skipped", "missing")}
    added = [d for d in deviations if d["kind"] in ("skipped", "missing")]
    last = [d["stage_id"] for d in added if d["visit_seq"] == len(visits)]
    for behind in range(len(last) + 1):
        walk = []
        for seq, visit in enumerate(visits, start=1):
            before = [d["stage_id"] for d in added if d["visit_seq"] == seq < len(visits)]
            walk += before if seq < len(visits) else last[: len(last) - behind]
            walk += [] if seq in gone else [visit]
        yield walk + last[len(last) - behind :]


def _is_walk(net: dict, walk: list[str]) -> bool:
    ways, place = _ways(net), 0
    for stage in walk:
        following = net["stages"].index(stage) + 1
        if following not in ways.get(place, []):
            return False
        place = following
    return place in net["final"]
