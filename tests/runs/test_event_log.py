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
