"""The pace of landing. Put here: the line and what it is computed from. Keep out: landing itself."""

from __future__ import annotations

import logging
from datetime import date

from support.ingest_home import Home, column

from pipelines.ingest.enter import LOG
from pipelines.ingest.pace import Pace, bytes_to_come


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def told(clock: Clock, pace: Pace, *parts: tuple[float, str, int]) -> list[str | None]:
    """What is said of parts that land at these seconds."""
    lines = []
    for at, uri, rows in parts:
        clock.now = at
        lines.append(pace.landed(uri, rows))
    return lines


def test_rows_per_second_and_the_time_left_are_told_every_five_seconds():
    clock = Clock()
    pace = Pace({"b": 100, "c": 100, "d": 600}, clock)
    parts = (3, "a", 10), (5, "b", 1000), (13, "c", 1000), (14, "d", 5)
    assert told(clock, pace, *parts) == [None, None, "landing: 2,010 rows, 200 rows/s, about 30 s left", None]


def test_a_short_landing_says_nothing():
    clock = Clock()
    assert told(clock, Pace({"b": 100}, clock), (0, "a", 10), (4.9, "b", 10)) == [None, None]


def test_a_database_tells_no_size_so_only_its_pace_is_told():
    clock = Clock()
    parts = (0, "db#orders@2024-05-01", 10), (10, "db#orders@2024-05-02", 500)
    assert told(clock, Pace({}, clock), *parts) == [None, "landing: 510 rows, 50 rows/s"]


def test_long_times_are_told_in_minutes_and_hours():
    clock = Clock()
    pace = Pace({"b": 1, "c": 29, "d": 2970}, clock)
    lines = told(clock, pace, (0, "a", 0), (6, "b", 0), (30, "c", 0))
    assert [line.rpartition(", ")[2] for line in lines[1:]] == ["about 5.0 h left", "about 50 min left"]


def test_what_is_to_come_are_files_that_never_landed_and_are_due(tmp_path):
    home = Home(tmp_path)
    home.declare(column("id", primaryKey=True, required=True), path="d_*.csv")
    home.put("d_2024-05-01.csv", "id\n1\n")
    home.land()
    home.put("d_2024-05-02.csv", "id\n1\n2\n")
    home.put("d_2031-01-01.csv", "id\n1\n")
    found = bytes_to_come(home.company, home.manifest, home.env, date(2024, 5, 10))
    assert found == {"${C360_DATA}/d_2024-05-02.csv": 7}


def test_each_part_is_told_as_it_lands_and_one_that_did_before_is_not(tmp_path, caplog):
    home = Home(tmp_path)
    home.declare(column("id", primaryKey=True, required=True), path="d_*.csv")
    home.put("d_2024-05-01.csv", "id\n1\n2\n")
    with caplog.at_level(logging.INFO, LOG.name):
        home.land()
        home.land()
    assert [(r.getMessage(), r.asset, r.figures) for r in caplog.records] == [
        ("a part has landed", "landing/d", {"part": 1, "rows": 2})
    ]
