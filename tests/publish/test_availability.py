"""When rows became readable: a marts file of a few interactions, published again and again.

Put here: parts and their latency. Keep out: whole runs (tests/integration).
"""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from pipelines.publish.availability import write_availability
from pipelines.publish.publish import prepare_marts

MORNING, NOON, TOMORROW = datetime(2026, 1, 7, 9), datetime(2026, 1, 7, 12), datetime(2026, 1, 8, 9)


class Files:
    """A home whose parts and interactions are written by hand; `publish` is what the last asset does with them."""

    def __init__(self, folder: Path) -> None:
        self.marts, self.warehouse = folder / "c360_marts.duckdb", folder / "warehouse.duckdb"
        self.published = folder / "customer360.duckdb"
        prepare_marts(self.marts)
        with duckdb.connect(str(self.warehouse)) as con:
            con.execute(
                "create schema control; create table control.parts "
                "(arrived_seq bigint, dataset text, arrived_on date, state text, landed_at timestamp)"
            )
        with duckdb.connect(str(self.marts)) as con:
            con.execute(
                "create table marts.fct_interactions "
                "(dataset text, part_seq bigint, occurred_at timestamp, occurred_precision text)"
            )

    def land(self, seq: int, *, at: str, events: list[str], dataset="web", state="current", precision="second") -> None:
        with duckdb.connect(str(self.warehouse)) as con:
            con.execute(f"insert into control.parts values ({seq}, '{dataset}', '{at[:10]}', '{state}', '{at}')")
        with duckdb.connect(str(self.marts)) as con:
            for event in events:
                con.execute(f"insert into marts.fct_interactions values ('{dataset}', {seq}, '{event}', '{precision}')")

    def note(self, at: datetime, run_id: str = "r") -> int:
        return write_availability(self.marts, self.published, self.warehouse, run_id=run_id, at=at)

    def publish(self, at: datetime, run_id: str = "r") -> int:
        noted = self.note(at, run_id)
        shutil.copyfile(self.marts, self.published)
        return noted

    def ask(self, query: str) -> list[tuple]:
        with duckdb.connect(str(self.marts), read_only=True) as con:
            return con.execute(query).fetchall()

    def available(self) -> dict[int, datetime]:
        return dict(self.ask("select part_seq, available_at from governance.part_availability"))


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


def test_a_part_is_available_since_the_first_publication_that_has_it(files):
    files.land(1, at="2026-01-07 08:50", events=["2026-01-07 08:40"])
    assert files.publish(MORNING) == 1
    files.land(2, at="2026-01-07 11:55", events=["2026-01-07 11:50"])
    assert files.publish(NOON) == 1
    assert files.publish(TOMORROW) == 0
    assert files.available() == {1: MORNING, 2: NOON}


def test_a_held_part_is_not_available(files):
    files.land(1, at="2026-01-07 08:50", events=[], state="held")
    assert files.publish(MORNING) == 0


def test_a_run_that_ends_before_its_files_are_swapped_in_leaves_no_trace(files):
    files.land(1, at="2026-01-07 08:50", events=["2026-01-07 08:40"])
    files.note(MORNING, "killed")
    assert files.publish(NOON, "next") == 1
    assert files.available() == {1: NOON}
    assert files.ask("select run_id, interactions from governance.part_availability") == [("next", 1)]
    assert files.ask("select landed_to_available_max_s from marts.mart_latency") == [(11_400,)]


def test_latency_is_told_by_dataset_and_day_with_median_19_of_20_and_worst(files):
    events = [f"2026-01-07 08:{minute:02}" for minute in range(20, 40)]  # landed 11 to 30 minutes later
    files.land(1, at="2026-01-07 08:50", events=events)
    files.land(2, at="2026-01-07 08:55", events=["2026-01-06 08:55"], dataset="calls")
    files.publish(MORNING)
    told = files.ask("select * exclude (available_on) from marts.mart_latency order by dataset")
    assert told == [
        ("calls", 1, 86_400, 86_400, 86_400, 300, 300, 300, 86_700, 86_700, 86_700),
        ("web", 20, 1200, 1740, 1800, 600, 600, 600, 1800, 2340, 2400),
    ]


def test_a_day_takes_up_what_is_published_later_that_day_and_stays_as_it_was_seen_then(files):
    files.land(1, at="2026-01-07 08:50", events=["2026-01-07 08:40"])
    files.publish(MORNING)
    files.land(2, at="2026-01-07 11:55", events=["2026-01-07 11:50"])
    files.publish(NOON)
    files.land(3, at="2026-01-08 08:00", events=["2026-01-08 07:00"])
    with duckdb.connect(str(files.marts)) as con:
        con.execute("delete from marts.fct_interactions where part_seq = 1")
    files.publish(TOMORROW)
    told = files.ask("select interactions, event_to_landed_max_s from marts.mart_latency order by available_on")
    assert told == [(2, 600), (1, 3600)]


def test_a_time_known_only_by_its_day_has_no_latency(files):
    files.land(1, at="2026-01-07 08:50", events=["2026-01-07 00:00"], precision="day")
    files.publish(MORNING)
    assert files.ask("select count(*) from marts.mart_latency") == [(0,)]
    assert files.ask("select interactions from governance.part_availability") == [(1,)]
