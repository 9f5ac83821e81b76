"""The log of runs: what Dagster kept of small jobs, as rows, and as tables of a marts file.

Put here: runs and steps. Keep out: what is measured (test_meter.py), the page that shows them (tests/publish).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from pipelines.publish.publish import prepare_marts
from pipelines.publish.run_log import last_run_at, measure_tables, write_runs
from pipelines.run_log import run_rows_since, step_rows

LANDED = {"dagster/row_count": 12, "bytes": 340, "seconds": 3600.0, "peak_mb": 90.5}


@dg.asset(key=["landing", "orders"])
def landing_orders():
    return dg.MaterializeResult(metadata=LANDED)


@dg.asset(key=["landing", "parcels"])
def landing_parcels():
    raise dg.Failure("no file")


MODELS = [dg.AssetSpec(["marts", "fct_orders"]), dg.AssetSpec(["marts", "fct_cases"], skippable=True)]
BUILT = dg.MaterializeResult(asset_key=["marts", "fct_orders"], metadata={"Execution Duration": 0.002})


@dg.multi_asset(name="dbt", specs=MODELS)
def models():
    yield BUILT
    yield dg.MaterializeResult(asset_key=["marts", "fct_cases"], metadata={"Execution Duration": 0.001})


@dg.multi_asset(name="dbt", specs=MODELS)
def models_that_fail():
    yield BUILT
    raise dg.Failure("a model failed")


@dg.asset_check(asset=["marts", "fct_orders"])
def great_expectations():
    return dg.AssetCheckResult(passed=True)


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def run(instance, *definitions) -> str:
    job = dg.Definitions(
        assets=[d for d in definitions if d is not great_expectations],
        asset_checks=[d for d in definitions if d is great_expectations],
        jobs=[dg.define_asset_job("build", dg.AssetSelection.all())],
        executor=dg.in_process_executor,
    ).resolve_job_def("build")
    return job.execute_in_process(instance=instance, raise_on_error=False).run_id


def by_asset(rows: list[dict]) -> dict[str, dict]:
    return {row["asset"]: row for row in rows}


def test_an_asset_that_is_a_step_has_its_figures_and_all_the_seconds_of_the_step(instance):
    [row] = step_rows(instance, run(instance, landing_orders))
    told = (row["asset"], row["part"], row["row_count"], row["bytes"], row["peak_mb"], row["outcome"])
    assert told == ("landing/orders", "landing", 12, 340, 90.5, "success")
    assert row["seconds"] != LANDED["seconds"]


def test_a_model_has_the_seconds_dbt_told_and_a_step_of_checks_has_a_row(instance):
    rows = by_asset(step_rows(instance, run(instance, models, great_expectations)))
    assert rows["marts__fct_orders_great_expectations"]["part"] == "checks"
    assert rows["marts/fct_orders"]["seconds"] == 0.002


def test_a_step_of_many_assets_that_failed_is_told_beside_those_it_made(instance):
    rows = by_asset(step_rows(instance, run(instance, models_that_fail)))
    told = {name: (row["part"], row["outcome"]) for name, row in rows.items()}
    assert told == {"marts/fct_orders": ("marts", "success"), "dbt": ("marts", "failed")}


def test_a_step_that_failed_is_told_by_the_asset_it_was_to_make(instance):
    rows = by_asset(step_rows(instance, run(instance, landing_orders, landing_parcels)))
    assert {name: row["outcome"] for name, row in rows.items()} == {
        "landing/orders": "success", "landing/parcels": "failed"
    }  # fmt: skip


def test_runs_that_published_nothing_are_told_by_the_next_that_does_with_the_sizes_it_leaves(instance):
    failed = run(instance, landing_orders, landing_parcels)
    last = run(instance, models)
    runs, steps = run_rows_since(instance, last, None, {"marts/fct_orders": (7, 262_144)})
    told = {row["run_id"]: (row["outcome"], row["landed_rows"], row["peak_mb"]) for row in runs}
    assert told == {failed: ("failed", 12, 90.5), last: ("published", None, None)}
    rows = by_asset(s for s in steps if s["run_id"] == last)
    assert (rows["marts/fct_orders"]["row_count"], rows["marts/fct_orders"]["bytes"]) == (7, 262_144)


def test_a_run_is_told_again_when_it_has_ended_and_earlier_ones_are_not(instance, tmp_path):
    marts = tmp_path / "c360_marts.duckdb"
    prepare_marts(marts)
    first = run(instance, landing_orders)
    assert last_run_at(marts) is None
    assert write_runs(marts, *run_rows_since(instance, first, last_run_at(marts), {})) == 1
    second = run(instance, landing_orders)
    assert write_runs(marts, *run_rows_since(instance, second, last_run_at(marts), {})) == 2
    third = run(instance, landing_orders)
    assert write_runs(marts, *run_rows_since(instance, third, last_run_at(marts), {})) == 2
    with duckdb.connect(str(marts), read_only=True) as con:
        told = con.execute("select run_id, outcome from governance.runs order by started_at").fetchall()
        assert told == [(first, "success"), (second, "success"), (third, "published")]
        assert con.execute("select count(*), count(distinct run_id) from governance.run_steps").fetchall() == [(3, 3)]


def test_a_run_told_again_keeps_the_sizes_its_tables_had(instance, tmp_path):
    marts = tmp_path / "c360_marts.duckdb"
    prepare_marts(marts)
    first = run(instance, models)
    write_runs(marts, *run_rows_since(instance, first, None, {"marts/fct_orders": (7, 262_144)}))
    second = run(instance, models)
    write_runs(marts, *run_rows_since(instance, second, last_run_at(marts), {"marts/fct_orders": (9, 262_144)}))
    with duckdb.connect(str(marts), read_only=True) as con:
        sizes = "select run_id, row_count from governance.run_steps where asset = 'marts/fct_orders'"
        assert dict(con.execute(sizes).fetchall()) == {first: 7, second: 9}


def test_steps_are_kept_of_the_latest_thousand_runs(tmp_path):
    marts, begin = tmp_path / "c360_marts.duckdb", datetime(2026, 1, 1)
    prepare_marts(marts)
    runs = [
        {
            "run_id": f"r{n}",
            "job": "build",
            "started_at": begin + timedelta(hours=n),
            "seconds": 1.0,
            "outcome": "success",
        }
        for n in range(1003)
    ]
    made = {"asset": "dbt", "part": "marts", "started_at": begin, "outcome": "success"}
    steps = [{"run_id": f"r{n}", **made} for n in range(1003)]
    write_runs(marts, runs, steps)
    with duckdb.connect(str(marts), read_only=True) as con:
        kept = "select count(*), count(*) filter (run_id in ('r0', 'r1', 'r2')) from governance."
        assert con.execute(f"{kept}runs").fetchall() == [(1003, 3)]
        assert con.execute(f"{kept}run_steps").fetchall() == [(1000, 0)]


def test_a_table_is_measured_by_its_rows_and_the_blocks_it_fills(tmp_path: Path):
    file = tmp_path / "some.duckdb"
    with duckdb.connect(str(file)) as con:
        con.execute("create schema marts; create table marts.fct_orders as select uuid() as i from range(100000)")
        con.execute("create table marts.fct_cases (i bigint)")
    sizes = measure_tables(file)
    assert sizes["marts/fct_cases"] == (0, 0)
    rows, size = sizes["marts/fct_orders"]
    assert rows == 100_000
    assert 16 * rows <= size <= 2 * 16 * rows
