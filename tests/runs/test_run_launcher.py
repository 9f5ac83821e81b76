"""Runs of Dagster in forked processes: they run, are ended and found dead, and what forks them ends with its owner."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.launcher import LaunchRunContext, WorkerStatus
from support.waiting import wait_until

from pipelines import forks
from pipelines.keys import PROCESS
from pipelines.processes import is_alive, is_running, name_process
from pipelines.run_launcher import WarmRunLauncher

JOBS = """
import os, time
from pathlib import Path

import dagster as dg


@dg.op(config_schema={"told": str, "ends": bool})
def tell(context):
    Path(context.op_config["told"]).write_text(f"{os.getpid()} {os.getppid()} {os.environ.get('SAID')}")
    while not context.op_config["ends"]:
        time.sleep(0.05)


@dg.job(executor_def=dg.in_process_executor)
def telling():
    tell()
"""


@pytest.fixture
def instance(tmp_path, monkeypatch):
    """With a launcher that is asked for every run, and the module `jobs_of_test` to run."""
    (tmp_path / "jobs_of_test.py").write_text(JOBS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "dagster.yaml").write_text(
        "run_launcher: {module: pipelines.run_launcher, class: WarmRunLauncher}\ntelemetry: {enabled: false}\n"
    )
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    with dg.DagsterInstance.get() as instance:
        yield instance


class Launched:
    """A run of the job, told to a file."""

    def __init__(self, instance, folder: Path, number: int, ends: bool = True):
        from jobs_of_test import telling

        self.instance, self.told = instance, folder / f"told_{number}"
        self.job = dg.reconstructable(telling)
        config = {"ops": {"tell": {"config": {"told": str(self.told), "ends": ends}}}}
        run = instance.create_run_for_job(
            telling,
            run_config=config,
            job_code_origin=self.job.get_python_origin(),
            status=dg.DagsterRunStatus.STARTING,
        )
        self.id = run.run_id
        instance.run_launcher.launch_run(LaunchRunContext(run, None))

    @property
    def run(self) -> dg.DagsterRun:
        return self.instance.get_run_by_id(self.id)

    @property
    def words(self) -> list[str]:
        wait_until(lambda: self.told.exists() and len(self.told.read_text().split()) == 3)
        return self.told.read_text().split()

    def has_status(self, status: dg.DagsterRunStatus) -> bool:
        return self.run.status == status


def is_ready(launcher: WarmRunLauncher) -> bool:
    return launcher._place().exists()


def test_the_first_run_begins_anew_and_later_ones_are_forked_with_the_environment_of_the_launcher(
    instance, tmp_path, monkeypatch
):
    runs = [Launched(instance, tmp_path, 1)]
    wait_until(lambda: is_ready(instance.run_launcher))
    monkeypatch.setenv("SAID", "later")
    runs += [Launched(instance, tmp_path, n) for n in (2, 3)]
    for run in runs:
        wait_until(lambda run=run: run.has_status(dg.DagsterRunStatus.SUCCESS))
    parents = [run.words[1] for run in runs]
    assert parents[0] == str(os.getpid())
    assert parents[1] == parents[2] != parents[0]
    assert [run.words[2] for run in runs] == ["None", "later", "later"]
    assert [run.run.tags[PROCESS].partition("@")[0] for run in runs] == [run.words[0] for run in runs]
    server = int(parents[1])
    assert is_alive(server)
    instance.run_launcher.dispose()
    wait_until(lambda: not is_running(name_process(server)) or _is_zombie(server))


def _is_zombie(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_run_can_be_ended_and_a_killed_one_is_found_dead(instance, tmp_path):
    first = Launched(instance, tmp_path, 1)
    wait_until(lambda: is_ready(instance.run_launcher) and first.has_status(dg.DagsterRunStatus.SUCCESS))
    launcher, ended, killed = instance.run_launcher, *(Launched(instance, tmp_path, n, ends=False) for n in (2, 3))
    for run in (ended, killed):
        assert run.words
        assert launcher.check_run_worker_health(run.run).status == WorkerStatus.RUNNING
    assert launcher.terminate(ended.id)
    wait_until(lambda: ended.has_status(dg.DagsterRunStatus.CANCELED))
    os.kill(int(killed.words[0]), signal.SIGKILL)
    wait_until(lambda: launcher.check_run_worker_health(killed.run).status == WorkerStatus.FAILED)
    assert not launcher.terminate(killed.id)


def test_a_killed_run_that_began_anew_is_found_dead_though_nobody_asked_for_it(instance, tmp_path):
    run = Launched(instance, tmp_path, 1, ends=False)
    os.kill(int(run.words[0]), signal.SIGKILL)
    wait_until(lambda: instance.run_launcher.check_run_worker_health(run.run).status == WorkerStatus.FAILED)


def test_nobody_is_asked_where_nobody_is_ready(tmp_path):
    assert forks.fork(tmp_path / "nobody", "os:getpid") is None


def test_a_fork_whose_folder_is_gone_ends_alone(tmp_path, monkeypatch):
    end = forks.start(tmp_path / "forks", ["json"])
    wait_until((tmp_path / "forks").exists)
    monkeypatch.setattr(Path, "cwd", lambda: tmp_path / "gone")
    failed = forks.fork(tmp_path / "forks", "os:getpid")
    wait_until(lambda: not is_alive(failed))
    assert forks.fork(tmp_path / "forks", "os:getpid")
    os.close(end)


def test_a_fork_that_fails_ends_alone(tmp_path, capfd):
    end = forks.start(tmp_path / "forks", ["json"])
    wait_until((tmp_path / "forks").exists)
    failed = forks.fork(tmp_path / "forks", "no_such_module:main")
    wait_until(lambda: not is_alive(failed))
    assert "no_such_module" in capfd.readouterr().err
    assert forks.fork(tmp_path / "forks", "os:getpid")
    os.close(end)
    wait_until(lambda: not (tmp_path / "forks").exists())
