"""What a run of the demo company leaves of itself: its steps with their figures, and since when its rows are readable.

Put here: figures of a whole run. Keep out: how each is made (tests/runs, tests/publish).
"""

from __future__ import annotations

import json


def test_every_fact_leads_to_the_moment_it_became_readable(demo):
    for table in ("fct_interactions", "fct_consents"):
        unknown = f"select count(*) from p.marts.{table} anti join p.governance.part_availability using (part_seq)"
        assert demo.ask(unknown) == [(0,)]
    assert demo.ask("select sum(interactions) from p.governance.part_availability") == demo.ask(
        "select count(*) from p.marts.fct_interactions"
    )


def test_nothing_is_readable_before_it_landed_nor_landed_before_the_run(demo):
    wrong = "select count(*) from p.governance.part_availability where available_at < landed_at"
    assert demo.ask(wrong) == [(0,)]
    early = "select count(*) from p.marts.mart_latency where landed_to_available_p95_s not between 0 and 3600"
    assert demo.ask(early) == [(0,)]
    assert demo.ask("select sum(interactions) from p.marts.mart_latency") == demo.ask(
        "select count(*) from p.marts.fct_interactions where occurred_precision = 'second'"
    )


def test_the_run_tells_every_part_of_it_with_seconds_rows_bytes_and_memory(demo):
    told = demo.ask("select job, outcome, peak_mb > 50 from p.governance.runs order by started_at")
    assert told == [("land", "success", True), ("build", "published", True)]
    parts = demo.ask("select distinct part from p.governance.run_steps where seconds > 0 order by 1")
    assert [part for (part,) in parts] == ["checks", "control", "identity", "landing", "marts", "standard"]
    bare = "(seconds is null or row_count is null or bytes is null or peak_mb is null)"
    assert demo.ask(f"select asset from p.governance.run_steps where asset like 'marts/%' and {bare}") == []
    landed = demo.ask("select sum(row_count), min(bytes) > 0 from p.governance.run_steps where asset like 'landing/%'")
    assert landed == [(demo.ask("select landed_rows from p.governance.runs where job = 'land'")[0][0], True)]


def test_the_rows_a_run_tells_of_a_table_are_those_readers_get(demo):
    told = demo.count("select asset, row_count from p.governance.run_steps where asset like 'marts/fct_%'")
    assert len(told) > 5
    for asset, rows in told.items():
        assert demo.ask(f"select count(*) from p.{asset.replace('/', '.')}") == [(rows,)]


def test_every_line_of_the_log_is_an_object_with_time_level_run_and_message(demo):
    lines = [json.loads(line) for line in (demo.home / "run.log").read_text(encoding="utf-8").splitlines()]
    assert all({"time", "level", "run", "asset", "message"} <= set(line) for line in lines)
    made = [line for line in lines if line["asset"] == "landing/web_events" and "peak_mb" in line]
    assert made[0]["rows"] > 0
    runs = {run for (run,) in demo.ask("select run_id from p.governance.runs")}
    assert runs <= {line["run"] for line in lines}
