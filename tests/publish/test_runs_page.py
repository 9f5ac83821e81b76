"""What the site's page of runs tells, from a published file of a few runs.

Put here: its figures. Keep out: how it looks in a browser (tests/integration/test_governance_site.py).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from pipelines.publish.governance_site.runs import RunsPage, read_runs
from pipelines.publish.governance_site.site import _took
from pipelines.publish.log_table import log_contract
from pipelines.publish.publish import prepare_marts
from pipelines.publish.run_log import write_runs
from quality.promises.create_table import ensure_table


def run(run_id: str, day: int, outcome: str = "success", landed: int | None = None) -> dict:
    started = datetime(2026, 1, day, 3)
    job = "build" if landed is None else "land"
    return {
        "run_id": run_id, "job": job, "started_at": started, "seconds": 60.0, "outcome": outcome, "landed_rows": landed,
    }  # fmt: skip


def step(run_id: str, asset: str, part: str, seconds: float | None, rows: int | None = None) -> dict:
    told = {"run_id": run_id, "asset": asset, "part": part, "seconds": seconds, "row_count": rows, "outcome": "success"}
    return {**told, "started_at": datetime(2026, 1, 1), "bytes": rows and 10 * rows}


@pytest.fixture
def page(tmp_path: Path) -> RunsPage:
    """A build, one that failed, a landing, and the build that published."""
    marts = tmp_path / "c360_marts.duckdb"
    prepare_marts(marts)
    runs = [run("b1", 1), run("b2", 2, "failed"), run("l", 3, landed=5), run("b3", 4, "published")]
    steps = [
        step("b1", "marts/fct_orders", "marts", 1, 100),
        step("b2", "dbt", "marts", 9),
        step("l", "landing/orders", "landing", 2, 5),
        step("b3", "marts/fct_orders", "marts", 3, 130),
        step("b3", "marts/dim_dates", "marts", 1, 365),
        step("b3", "identity/edges", "identity", None, 12),
        step("b3", "great_expectations", "checks", 4),
    ]
    write_runs(marts, runs, steps)
    with duckdb.connect(str(marts)) as con:
        ensure_table(con, log_contract("marts.mart_latency"))
        figures = ", ".join("7" * 9)
        con.execute(f"insert into marts.mart_latency values ('web', '2026-01-03', 2, {figures})")
        con.execute(f"insert into marts.mart_latency values ('web', '2026-01-04', 3, {figures})")
    return read_runs(marts)


def test_runs_are_told_newest_first_also_those_that_failed(page):
    told = [(r["run_id"], r["outcome"]) for r in page.runs]
    assert told == [("b3", "published"), ("l", "success"), ("b2", "failed"), ("b1", "success")]


def test_the_last_landing_and_the_last_build_are_told_by_parts_in_the_order_of_a_run(page):
    told = [(p["part"], p["seconds"], p["steps"]) for p in page.parts]
    assert told == [("landing", 2, 1), ("identity", 0, 1), ("marts", 4, 2), ("checks", 4, 1)]


def test_slowest_are_those_of_the_build_that_published_with_checks_among_them(page):
    assert [s["asset"] for s in page.slowest] == ["great_expectations", "marts/fct_orders", "marts/dim_dates"]


def test_growth_compares_with_the_build_before_and_the_first(page):
    grown = [(g["asset"], g["row_count"], g["row_count_before"], g["row_count_first"]) for g in page.growth]
    assert grown == [("marts/dim_dates", 365, None, 365), ("marts/fct_orders", 130, 100, 100)]


def test_latency_is_that_of_the_last_day_of_each_dataset(page):
    assert [(row["dataset"], row["available_on"].day, row["interactions"]) for row in page.latency] == [("web", 4, 3)]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (59.9, "59.9 s"), (60, "1 min"), (61.4, "1 min 1 s"), (3_600, "1 h"), (90_061, "1 d 1 h")]
    + [(-120, "-2 min")],
)
def test_a_length_of_time_is_told_in_its_two_largest_units(seconds, said):
    assert _took(seconds) == said
