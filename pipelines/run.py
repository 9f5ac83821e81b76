"""A whole run in one process: land what arrived, then build and publish, through Dagster.

Put here: the order of the two jobs. Keep out: the work itself (defs/), what is told while they run (run_console.py).
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, partial
from time import monotonic

import dagster as dg

from pipelines.arrivals import Arrivals
from pipelines.clock import find_clock_fault
from pipelines.defs.alerts import alert_on_runs, is_alert_due
from pipelines.disks import require_disks
from pipelines.json_log import log_run
from pipelines.keys import BUILD, LAND, PROCESS
from pipelines.landing_definitions import build_landing_defs
from pipelines.processes import is_running, name_process
from pipelines.progress import tell_pace
from pipelines.run_console import list_faults, progress_logger
from pipelines.scratch import clear_scratch
from pipelines.settings import REPOSITORY, Settings
from pipelines.standing import forget_all
from pipelines.turns import take_turn
from pipelines.unchanged import find_same_build, observe_unchanged
from quality.company import Company, load_company

MAX_RETRIES = "dagster/max_retries"  # run tag: what was killed at the command line is not started by the daemon


@dataclass(frozen=True)
class RunOutcome:
    """What a run did; `failures` holds one message per failed step, empty when all went well.

    unchanged: nothing was built, because the build `build_run_id` was made from the same.
    """

    land_run_id: str
    build_run_id: str
    failures: tuple[str, ...]
    seconds: float
    unchanged: bool = False

    @property
    def ok(self) -> bool:
        return not self.failures


def prepare_home(settings: Settings) -> None:
    """Make the home folder and its Dagster instance; an existing dagster.yaml is left alone.

    From here on this process and its children write files for their owner alone (landing, quarantine, warehouse and
    logs hold raw personal data); only publishing opens its folder and file to other users.
    """
    if not settings.home.exists():
        settings.home.mkdir(parents=True, exist_ok=True)  # another may just have begun
        settings.home.chmod(0o711)  # others may pass through to published/, and see nothing else
    os.umask(0o077)
    require_disks(settings.home)
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    (settings.home / "tmp").mkdir(exist_ok=True)
    clear_scratch(settings.home)
    target = settings.dagster_home / "dagster.yaml"
    if not target.exists():
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copy(REPOSITORY / "dagster.yaml", draft)
        draft.replace(target)  # whole or not at all: an existing one is left alone
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)


def rebuild_pipeline(settings: Settings, say: Callable[[str], None]) -> RunOutcome:
    """Only build what has landed, in this process, and tell no owner of it: for a home that is tried, not used."""
    return run_job(settings, say, BUILD, what="a rebuild")


def run_job(
    settings: Settings, say: Callable[[str], None], job: str, *, what: str, wait: bool = True, **resources: dict
) -> RunOutcome:
    """Run one job alone in this process, in its turn; nothing lands.

    Args:
        what: who waits for us reads it.
        resources: the configuration of the job's resources, by name.
    Raises:
        HomeBusyError: something else writes to the home, and `wait` is false.
    """
    started = monotonic()
    prepare_home(settings)
    turn, logged = take_turn(settings.home, what, say, wait=wait), log_run(settings.home / "run.log")
    with turn, logged as log, dg.DagsterInstance.get() as instance:
        end_dead_runs(instance)
        run = _execute(_load_all(settings, progress_logger(say, log)), instance, job, resources=resources)
    failures = tuple(fault for event in run.all_events for fault in list_faults(event))
    return RunOutcome("", run.run_id, failures, monotonic() - started)


def run_pipeline(
    settings: Settings,
    say: Callable[[str], None],
    *,
    arrivals: Arrivals | None = None,
    anyway: bool = False,
    wait: bool = True,
) -> RunOutcome:
    """Land, and build where that brought anything new, in this process, once it is its turn to write to the home.

    Args:
        say: called with one line per asset and per failure, as they happen; everything else goes to <home>/run.log.
        arrivals: what to land; all that is new when not given.
        anyway: build also where the last build was made from the same.
    Returns:
        The outcome; a failed landing does not keep `build` from running on the last good state.
    Raises:
        HomeBusyError: something else writes to the home, and `wait` is false.
    """
    prepare_home(settings)
    with take_turn(settings.home, "c360 run", say, wait=wait):
        return _run(settings, say, arrivals or Arrivals(), anyway=anyway)


def _run(settings: Settings, say: Callable[[str], None], arrivals: Arrivals, *, anyway: bool) -> RunOutcome:
    started = monotonic()
    log_file = settings.home / "run.log"
    with log_run(log_file) as log, tell_pace(settings, say), dg.DagsterInstance.get() as instance:
        end_dead_runs(instance)
        if behind := find_clock_fault(instance, datetime.now(UTC)):
            say(f"  ! {behind}")
        console, company = progress_logger(say, log), load_company(settings.company)
        load = cache(partial(_load_all, settings, console))
        runs = [_execute(build_landing_defs(settings, company, console), instance, LAND, **arrivals.choose())]
        same = None if anyway else find_same_build(instance, settings)
        if anyway:
            forget_all(settings)
        if same:
            observe_unchanged(instance, same)
        else:
            runs.append(_execute(load(), instance, BUILD))
        _alert(settings, company, load, instance, [run.run_id for run in runs], same, say)
    failures = tuple(fault for run in runs for event in run.all_events for fault in list_faults(event))
    return RunOutcome(runs[0].run_id, same or runs[-1].run_id, failures, monotonic() - started, bool(same))


def _load_all(settings: Settings, console: dg.LoggerDefinition) -> dg.Definitions:
    """All definitions, where they are needed: dbt takes seconds to import and to read."""
    from pipelines.definitions import build_defs

    return build_defs(settings, console)


def end_dead_runs(instance: dg.DagsterInstance) -> int:
    """Have Dagster know of runs whose process was killed where its daemon was not there to see it: for it they go on,
    and keep its queue waiting. What is queued or waits its turn has a process that lives, or none yet.

    Returns:
        How many there were.
    """
    running = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
    dead = [run for run in running if PROCESS in run.tags and not is_running(run.tags[PROCESS])]
    for run in dead:
        pid = run.tags[PROCESS].partition("@")[0]
        instance.report_run_failed(run, f"process {pid} is gone; the next run takes up what it left")
    return len(dead)


def _alert(
    settings: Settings,
    company: Company,
    load: Callable[[], dg.Definitions],
    instance: dg.DagsterInstance,
    run_ids: list[str],
    same: str | None,
    say: Callable[[str], None],
) -> None:
    """One message per owner for all runs; alerts that fail fail nothing else."""
    try:
        if same and not is_alert_due(instance, settings, company, run_ids, same):
            return
        specs = load().resolve_all_asset_specs()
        for line in alert_on_runs(instance, settings, company, specs, run_ids, same):
            say(f"  ! alert to {line}")
    except Exception as fault:
        logging.getLogger(__name__).exception("alerts failed")
        say(f"  ! alerts failed: {type(fault).__name__}; see <home>/run.log; the run itself is not affected")


def _execute(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    *,
    resources: dict[str, dict] | None = None,
    tags: dict[str, str] | None = None,
    **chosen,
) -> dg.ExecuteInProcessResult:
    return definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        raise_on_error=False,
        tags={PROCESS: name_process(), MAX_RETRIES: "0", **(tags or {})},
        run_config={
            "loggers": {"console": {}},
            "resources": {name: {"config": config} for name, config in (resources or {}).items()},
        },
        **chosen,
    )
