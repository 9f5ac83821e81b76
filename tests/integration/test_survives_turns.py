"""One process at a time writes to a home: the others wait, whoever they are, also for what a killed one left running.

Put here: turns, seen from outside the process that has one. Keep out: whole runs (test_survives_*.py beside this).
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
from typer.testing import CliRunner

from pipelines.defs.turns import build_executor
from pipelines.keys import PROCESS
from pipelines.processes import name_process
from pipelines.run import end_dead_runs
from pipelines.settings import Settings
from pipelines.turns import LOCK, HomeBusyError, take_turn

# Takes a turn, says so, and ends it when its standard input is closed; `child` starts a process that does so instead.
TURN = """
import os, subprocess, sys
from pathlib import Path
from pipelines.turns import take_turn
told = os.fdopen(os.dup(0))
say = lambda line: print(line, flush=True)
with take_turn(Path(sys.argv[1]), f"turn {sys.argv[2]}", say):
    say("begins")
    if sys.argv[2] == "child":
        child = "import os; print(os.getpid(), flush=True); os.fdopen(int(os.environ['TOLD'])).read()"
        subprocess.Popen([sys.executable, "-c", child], env={**os.environ, "TOLD": str(told.fileno())},
                         pass_fds=[told.fileno()])
    told.read()
    say("ends")
"""


class Turn:
    """A process that takes a turn in a home."""

    def __init__(self, home: Path, name: str):
        self.process = subprocess.Popen(
            [sys.executable, "-c", TURN, str(home), name],
            cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def says(self) -> str:
        return self.process.stdout.readline().strip()

    def end(self) -> list[str]:
        """Let it end; what it said since."""
        self.process.stdin.close()
        self.process.wait(60)
        return self.process.stdout.read().splitlines()


def test_of_three_at_once_each_says_whom_it_waits_for_and_goes_on_by_itself(tmp_path):
    first = Turn(tmp_path, "one")
    assert first.says() == "begins"
    others = [Turn(tmp_path, "two"), Turn(tmp_path, "three")]
    waits = rf"waits for turn one \(process {first.process.pid}, since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC\)"
    assert all(re.fullmatch(waits, other.says()) for other in others)
    for other in others:  # whichever is next
        other.process.stdin.close()
    assert first.end() == ["ends"]
    assert [other.end() for other in others] == [["begins", "ends"]] * 2


def test_what_a_killed_process_left_running_is_waited_for(tmp_path):
    killed = Turn(tmp_path, "child")
    assert killed.says() == "begins"
    orphan = killed.says()
    killed.process.send_signal(signal.SIGKILL)
    killed.process.wait()
    following = Turn(tmp_path, "two")
    assert re.fullmatch(
        rf"waits for what turn child \(process {killed.process.pid}, since .* UTC\) left running when it was killed: "
        rf"process {orphan}",
        following.says(),
    )
    os.kill(int(orphan), signal.SIGKILL)
    assert following.end() == ["begins", "ends"]


def test_a_turn_within_a_turn_is_the_same_and_a_fault_ends_both(tmp_path):
    with pytest.raises(RuntimeError), take_turn(tmp_path, "outer", print), take_turn(tmp_path, "inner", print):
        raise RuntimeError
    with take_turn(tmp_path, "next", print, wait=False):
        assert (tmp_path / LOCK).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "command",
    [
        ["withdraw", "orders", "a.csv", "--reason", "wrong"],
        ["quarantine", "release", "--reason", "mended"],
        ["quarantine", "drop", "orders", "--reason", "wrong"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_a_command_told_not_to_wait_says_who_writes_and_does_nothing(tmp_path, monkeypatch, command):
    from pipelines.cli import app

    monkeypatch.setattr(os, "umask", lambda mask: mask)
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.chdir(Path(__file__).parents[2])
    writer = Turn(tmp_path, "one")
    assert writer.says() == "begins"
    with pytest.MonkeyPatch.context() as patch:
        told: list[str] = []
        patch.setattr("pipelines.terminal.console.print", lambda text, **_: told.append(text))
        done = CliRunner().invoke(app, [*command, "--no-wait", "--home", str(tmp_path)])
    writer.end()
    assert done.exit_code == 1
    assert f"turn one (process {writer.process.pid}, since" in told[-1] and "writes to it; try again later" in told[-1]
    assert not (tmp_path / "state.db").exists()


def test_a_run_of_dagster_is_one_turn_from_its_first_step_to_its_last(tmp_path, monkeypatch):
    monkeypatch.setenv("C360_HOME", str(tmp_path))
    with (
        dg.DagsterInstance.local_temp(str(tmp_path)) as instance,
        dg.execute_job(dg.reconstructable(two_steps), instance) as done,
    ):
        seen = [done.output_for_node(step) for step in ("first", "second")]
        assert instance.get_run_by_id(done.run_id).tags[PROCESS] == name_process()
    assert seen == [f"Dagster run {done.run_id[:8]} of two_steps (process {os.getpid()}"] * 2
    with take_turn(tmp_path, "next", print, wait=False):
        pass


def test_dagster_is_told_of_a_run_whose_process_is_gone_and_of_no_other():
    # Regression: it counted as running for ever, so no run of the UI left the queue.
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    runs = {"killed": {PROCESS: str(gone.pid)}, "at work": {PROCESS: name_process()}, "to be told": {}}
    with dg.DagsterInstance.ephemeral() as instance:
        for name, tags in runs.items():
            run = dg.DagsterRun(job_name="build", tags={**tags, "name": name}, status=dg.DagsterRunStatus.STARTED)
            instance.add_run(run)
        assert end_dead_runs(instance) == 1
        failed = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE]))
    assert [run.tags["name"] for run in failed] == ["killed"]


@pytest.mark.proof
def test_a_run_of_dagster_killed_together_with_its_daemon_is_ended_by_the_next_command(tmp_path):
    # Regression: it stayed `started` in the UI until somebody acted.
    run = (
        "import sys; sys.path.insert(0, sys.argv[1]); import dagster as dg, test_survives_turns as tests\n"
        "with dg.DagsterInstance.get() as instance: dg.execute_job(dg.reconstructable(tests.killed_step), instance)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", run, str(Path(__file__).parent)],
        cwd=Path(__file__).parents[2], env={**os.environ, "DAGSTER_HOME": str(tmp_path), "C360_HOME": str(tmp_path)},
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        states = [
            [r.status for r in instance.get_runs()],
            end_dead_runs(instance),
            [r.status for r in instance.get_runs()],
        ]
    assert states == [[dg.DagsterRunStatus.STARTED], 1, [dg.DagsterRunStatus.FAILURE]]


def killed_step() -> dg.JobDefinition:
    """A step that ends its process as `kill -9` does."""

    @dg.op
    def step():
        os.kill(os.getpid(), signal.SIGKILL)

    @dg.job(name="killed_step", executor_def=build_executor(Settings.from_env()))
    def job():
        step()

    return job


def two_steps() -> dg.JobDefinition:
    """Two steps that tell who has the turn while they run."""

    @dg.op(out=dg.Out(str))
    def first():
        return _who_writes()

    @dg.op(out=dg.Out(str))
    def second(_before: str):
        return _who_writes()

    @dg.job(name="two_steps", executor_def=build_executor(Settings.from_env()))
    def job():
        second(first())

    return job


def _who_writes() -> str:
    """As another process is told."""
    ask = "import sys, pathlib, pipelines.turns as t; t.take_turn(pathlib.Path(sys.argv[1]), '', print, wait=False)"
    arguments = [sys.executable, "-c", f"{ask}.__enter__()", os.environ["C360_HOME"]]
    said = subprocess.run(arguments, cwd=Path(__file__).parents[2], capture_output=True, text=True).stderr
    assert HomeBusyError.__name__ in said
    return re.search(r"Dagster run \S+ of \S+ \(process \d+", said).group()
