"""Runs of Dagster in processes of their own, forked from a warm one: a small run imports longer than it works.

It is named in dagster.yaml and works where the daemon and the code are on one machine. A run goes on when the daemon or
the code server ends. `c360 run` needs none of it.

Put here: launching, ending and looking after a run's process. Keep out: how one is forked (forks.py).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Self

from dagster import DagsterRun
from dagster._core.launcher import CheckRunHealthResult, LaunchRunContext, RunLauncher, WorkerStatus
from dagster._grpc.types import ExecuteRunArgs
from dagster._serdes import ConfigurableClass, ConfigurableClassData

from pipelines import forks
from pipelines.keys import PROCESS
from pipelines.processes import is_running, name_process

#: What a run imports that is not ours.
IMPORTED = (
    "dagster._cli", "dagster_dbt", "duckdb", "pyarrow.parquet", "pyarrow.dataset", "sqlalchemy", "duckdb_sqlalchemy",
    "great_expectations.expectations", "great_expectations.data_context", "sqlglot.optimizer.qualify",
    "dbt.cli.main", "dbt.adapters.duckdb.impl",
)  # fmt: skip
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")  # asked for as Great Expectations is imported


class WarmRunLauncher(RunLauncher, ConfigurableClass):
    """The first run of a daemon begins anew, while what forks the others gets ready."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__()
        self._inst_data = inst_data
        self._folder: tempfile.TemporaryDirectory | None = None
        self._end: int | None = None

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        return cls(inst_data)

    def launch_run(self, context: LaunchRunContext) -> None:
        run = context.dagster_run
        args = ExecuteRunArgs(context.job_code_origin, run.run_id, self._instance.get_ref(), True)
        words = args.get_command_args()[-3:]  # `api execute_run …`, of whichever Dagster
        pid = forks.fork(self._place(), "pipelines.run_launcher:execute", *words)
        if pid is None:
            pid = subprocess.Popen([sys.executable, "-m", "pipelines.run_launcher", *words]).pid
        self._instance.add_run_tags(run.run_id, {PROCESS: name_process(pid)})

    def terminate(self, run_id: str) -> bool:
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished or not is_running(run.tags.get(PROCESS, "0")):
            return False
        self._instance.report_run_canceling(run)
        with suppress(ProcessLookupError):
            os.kill(int(run.tags[PROCESS].partition("@")[0]), signal.SIGINT)
        return True

    @property
    def supports_check_run_worker_health(self) -> bool:
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        name = run.tags.get(PROCESS)
        if name is None or is_running(name):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, f"process {name.partition('@')[0]} is gone")

    def dispose(self) -> None:
        if self._end is not None:
            os.close(self._end)
            self._end = None
        if self._folder is not None:
            self._folder.cleanup()

    def _place(self) -> Path:
        """Where to ask for a fork; what answers is started on the way."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="c360_", ignore_cleanup_errors=True)
            self._end = forks.start(Path(self._folder.name) / "forks", IMPORTED)
        return Path(self._folder.name) / "forks"


def execute() -> None:
    """`dagster api execute_run …`, of the words this process was started with."""
    (command,) = entry_points(group="console_scripts", name="dagster")
    sys.argv[0] = "dagster"
    command.load()()


if __name__ == "__main__":
    execute()
