"""Dagster's event log with its files kept open: a real instance on real files, as dagster.yaml of every home has it."""

from __future__ import annotations

import shutil
from pathlib import Path

import dagster as dg
import pytest

from pipelines.event_log import FILES, OpenEventLog
from pipelines.settings import REPOSITORY


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    shutil.copy(REPOSITORY / "dagster.yaml", tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


@dg.asset(check_specs=[dg.AssetCheckSpec("holds", asset="orders")])
def orders():
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(check_name="holds", passed=True)])


DAYS = dg.DailyPartitionsDefinition("2026-01-05")


@dg.asset(partitions_def=DAYS, check_specs=[dg.AssetCheckSpec("arrived", asset="days", partitions_def=DAYS)])
def days():
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(check_name="arrived", passed=True)])


@dg.multi_asset_check(specs=[dg.AssetCheckSpec(f"is_{n}", asset="orders") for n in range(5)])
def many():
    for n in range(5):
        yield dg.AssetCheckResult(asset_key="orders", check_name=f"is_{n}", passed=n != 3, metadata={"n": n})


def told(instance: dg.DagsterInstance, run_id: str) -> list[str]:
    records = instance.get_records_for_run(run_id).records
    return [r.event_log_entry.dagster_event_type.value for r in records if r.event_log_entry.dagster_event]


def open_files(folder: Path) -> set[str]:
    files = (link.readlink() for link in Path("/proc/self/fd").iterdir() if link.exists())
    return {file.name for file in files if file.is_relative_to(folder)}


def test_what_a_run_tells_is_read_by_others_that_have_the_log_as_dagster_makes_it(home):
    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, OpenEventLog)
        run_id = dg.materialize([orders], instance=instance).run_id
        said = told(instance, run_id)
        (home / "dagster.yaml").write_text("")  # a home from before: the files are the same, in the same place
        with dg.DagsterInstance.get() as other:
            assert not isinstance(other.event_log_storage, OpenEventLog)
            assert told(other, run_id) == said
            assert other.get_latest_materialization_event(orders.key).run_id == run_id
            late = dg.materialize([orders], instance=other).run_id
        assert told(instance, late) == said


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="/proc says which files are open")
def test_few_files_stay_open_and_none_when_the_instance_is_closed(home):
    with dg.DagsterInstance.get() as instance:
        runs = [dg.DagsterRun(job_name="land") for _ in range(FILES + 2)]
        for run in runs:
            instance.add_run(run)
            instance.report_engine_event("looked", run)
        databases = {name for name in open_files(home / "history" / "runs") if name.endswith(".db")}
        assert f"{runs[-1].run_id}.db" in databases
        assert len(databases) <= FILES
        assert [told(instance, run.run_id) for run in runs] == [["ENGINE_EVENT"]] * len(runs)
    assert open_files(home / "history" / "runs") == set()


def test_events_told_together_are_stored_all_or_none(home):
    with dg.DagsterInstance.get() as instance:
        run = dg.DagsterRun(job_name="land")
        instance.add_run(run)
        instance.report_engine_event("looked", run)
        (event,) = (r.event_log_entry for r in instance.get_records_for_run(run.run_id).records)
        with pytest.raises(AttributeError):
            instance.event_log_storage.store_event_batch([event, "no event"])
        assert told(instance, run.run_id) == ["ENGINE_EVENT"]
        instance.event_log_storage.store_event_batch([event, event])
        assert told(instance, run.run_id) == ["ENGINE_EVENT"] * 3


def test_checks_are_kept_as_dagster_keeps_them(home):
    def run_all() -> list[tuple]:
        with dg.DagsterInstance.get() as instance:
            for key in ("2026-01-05", "2026-01-06"):
                dg.materialize([days], instance=instance, partition_key=key)
            for _ in range(2):
                dg.materialize([orders, many], instance=instance)
            instance.report_runless_asset_event(
                dg.AssetCheckEvaluation(asset_key=orders.key, check_name="is_1", passed=True)
            )
            names = [("orders", f"is_{n}") for n in range(5)] + [("orders", "holds"), ("days", "arrived")]
            return [
                (name, r.status, r.run_id == "", r.partition, told_of(r.event.dagster_event.event_specific_data))
                for asset, name in names
                for r in instance.event_log_storage.get_asset_check_execution_history(
                    dg.AssetCheckKey(dg.AssetKey(asset), name), limit=10
                )
            ]

    def told_of(answer) -> tuple:
        made = answer.target_materialization_data
        return answer.passed, dict(answer.metadata), made and made.storage_id

    ours = run_all()
    shutil.rmtree(home / "history")
    (home / "dagster.yaml").write_text("")
    assert ours == run_all()
    assert len(ours) == 5 * 2 + 1 + 2 + 2
