"""Runs of Dagster take their turn among all that write to the home, `c360` commands too.

Put here: the executor that waits. Keep out: the lock (pipelines/turns.py), the queue of runs (pool, dagster.yaml).
"""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg

from pipelines.keys import PROCESS
from pipelines.processes import name_process
from pipelines.scratch import clear_scratch
from pipelines.settings import Settings
from pipelines.turns import take_turn


def build_executor(settings: Settings) -> dg.ExecutorDefinition:
    """Every step of a run in one process, from its first step to its last in one turn."""

    @dg.executor(name="in_turn", config_schema=dg.in_process_executor.config_schema)
    def in_turn(init: dg.InitExecutorContext) -> dg.Executor:
        return _InTurn(dg.in_process_executor.executor_creation_fn(init), settings)

    return in_turn


class _InTurn(dg.Executor):
    """`executor`, in a turn. `c360 run` and tests have Dagster put an executor of its own in its place."""

    def __init__(self, executor: dg.Executor, settings: Settings) -> None:
        self._executor, self._settings = executor, settings

    @property
    def retries(self):
        return self._executor.retries

    @property
    def step_dependency_config(self):
        return self._executor.step_dependency_config

    def execute(self, plan_context, execution_plan) -> Iterator[dg.DagsterEvent]:
        run = plan_context.dagster_run
        plan_context.instance.add_run_tags(run.run_id, {PROCESS: name_process()})
        clear_scratch(self._settings.home)
        with take_turn(self._settings.home, f"Dagster run {run.run_id[:8]} of {run.job_name}", plan_context.log.info):
            yield from self._executor.execute(plan_context, execution_plan)
