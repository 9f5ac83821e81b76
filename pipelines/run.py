"""A whole run in one process: land what arrived, then build and publish, through Dagster.

Put here: the order of the two jobs and what is told while they run. Keep out: the work itself (defs/).
"""

from __future__ import annotations

import logging
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

import dagster as dg

from pipelines.check_log import NUMBERS
from pipelines.definitions import build_defs
from pipelines.defs.alerts import alert_on_runs
from pipelines.defs.automation import BUILD, LAND
from pipelines.json_log import log_run
from pipelines.keys import CATCH_UP
from pipelines.progress import tell_pace
from pipelines.settings import REPOSITORY, Settings
from quality.company import load_company

DBT_ERRORS = "Errors parsed from dbt logs:"  # what stands before it names the command, with all its models
TEST_FAILED = re.compile(r"\d+ of \d+ FAIL |Failure in test |Got \d+ results?, configured to |compiled code at ")


@dataclass(frozen=True)
class RunOutcome:
    """What a run did; `failures` holds one message per failed step, empty when all went well."""

    land_run_id: str
    build_run_id: str
    failures: tuple[str, ...]
    seconds: float

    @property
    def ok(self) -> bool:
        return not self.failures


def prepare_home(settings: Settings) -> None:
    """Make the home folder and its Dagster instance; an existing dagster.yaml is left alone.

    From here on this process and its children write files for their owner alone (landing, quarantine, warehouse and
    logs hold raw personal data); only publishing opens its folder and file to other users.
    """
    if not settings.home.exists():
        settings.home.mkdir(parents=True)
        settings.home.chmod(0o711)  # others may pass through to published/, and see nothing else
    os.umask(0o077)
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    (settings.home / "tmp").mkdir(exist_ok=True)
    target = settings.dagster_home / "dagster.yaml"
    if not target.exists():
        shutil.copy(REPOSITORY / "dagster.yaml", target)
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)


def run_pipeline(settings: Settings, say: Callable[[str], None]) -> RunOutcome:
    """Land and build in this process.

    Args:
        say: called with one line per asset and per failure, as they happen; everything else goes to <home>/run.log.
    Returns:
        The outcome; a failed landing does not keep `build` from running on the last good state.
    """
    started = monotonic()
    prepare_home(settings)
    today = datetime.now(UTC).date().isoformat()
    log_file = settings.home / "run.log"
    with log_run(log_file) as log, tell_pace(settings, say), dg.DagsterInstance.get() as instance:
        definitions = build_defs(settings, progress_logger(say, log))
        runs = [
            _execute(definitions, instance, LAND, today),
            _execute(definitions, instance, BUILD, None),
        ]
        _alert(settings, definitions, instance, runs, say)
    failures = tuple(fault for run in runs for event in run.all_events for fault in _faults(event))
    return RunOutcome(runs[0].run_id, runs[1].run_id, failures, monotonic() - started)


def _alert(
    settings: Settings,
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    runs: list[dg.ExecuteInProcessResult],
    say: Callable[[str], None],
) -> None:
    """One message per owner for both runs; alerts that fail fail nothing else."""
    try:
        company, specs = load_company(settings.company), definitions.resolve_all_asset_specs()
        for line in alert_on_runs(instance, settings, company, specs, [run.run_id for run in runs]):
            say(f"  ! alert to {line}")
    except Exception as fault:
        logging.getLogger(__name__).exception("alerts failed")
        say(f"  ! alerts failed: {type(fault).__name__}; see <home>/run.log; the run itself is not affected")


def _execute(
    definitions: dg.Definitions, instance: dg.DagsterInstance, job: str, day: str | None
) -> dg.ExecuteInProcessResult:
    return definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        raise_on_error=False,
        partition_key=day,
        tags={CATCH_UP: "true"} if day else None,
        run_config={"loggers": {"console": {}}},
    )


def _faults(event: dg.DagsterEvent) -> list[str]:
    """What an event says went wrong: a check that must hold, or a failed step (every line written for people)."""
    if event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
        return _failed_check(event.event_specific_data)
    if not event.is_step_failure:
        return []
    failure = event.step_failure_data
    if failure.user_failure_data and failure.user_failure_data.description:
        lines = failure.user_failure_data.description.splitlines()
        if DBT_ERRORS in lines:
            lines = _dbt_errors(lines[lines.index(DBT_ERRORS) + 1 :])
            if not lines:
                return []  # only tests failed, and they told it themselves
    else:
        cause = failure.error and (failure.error.cause or failure.error)
        if cause and cause.cls_name == "DagsterAssetCheckFailedError":
            return []  # the checks have told it themselves
        lines = (cause.message.strip() if cause else "").splitlines()[:1]
    return [f"{event.step_key}: {line}" for line in lines or ["failed"]]


def _dbt_errors(lines: list[str]) -> list[str]:
    """What dbt says of models that could not be built; of what it says of tests, nothing."""
    said = [line.strip() for line in lines]
    return [line for line in said if line and not TEST_FAILED.match(line)]


def _failed_check(evaluation: dg.AssetCheckEvaluation) -> list[str]:
    if evaluation.passed or evaluation.severity != dg.AssetCheckSeverity.ERROR:
        return []
    asset = evaluation.asset_key.to_user_string()
    held = evaluation.metadata.get("messages")  # only landing has one: why a batch does not count
    if held:
        return [f"{asset}: {held.value}"]
    rows = next((evaluation.metadata[name].value for name in NUMBERS if name in evaluation.metadata), None)
    seen = "" if rows is None else f", {rows:,} rows"
    return [f"{asset}: {evaluation.check_name} does not hold{seen}; nothing is published until it does"]


class _Progress(logging.Handler):
    """Turns Dagster events into lines: one per asset, each once; one per fault, and per warning an asset logs."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say, self._started, self._said = say, monotonic(), set()

    def emit(self, record: logging.LogRecord) -> None:
        told = getattr(record, "dagster_meta", {})
        event = told.get("dagster_event")
        if event is None:
            if record.levelno >= logging.WARNING:
                self._say(f"  ! {told.get('orig_message', record.getMessage())}")
            return
        if event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION:
            self._materialized(event)
        for fault in _faults(event):
            self._say(f"  ✗ {fault}")

    def _materialized(self, event: dg.DagsterEvent) -> None:
        done = event.event_specific_data.materialization
        key = done.asset_key.to_user_string()
        if key in self._said:
            return
        self._said.add(key)
        rows = done.metadata.get("dagster/row_count")
        self._say(f"  {monotonic() - self._started:6.1f} s  {key}" + (f"  {rows.value:,} rows" if rows else ""))


def progress_logger(say: Callable[[str], None], *handlers: logging.Handler) -> dg.LoggerDefinition:
    """A logger of Dagster that tells a run in lines: assets, faults, and what assets warn of; handlers hear it all."""

    @dg.logger
    def progress(_init: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("c360")
        for handler in (_Progress(say), *handlers):
            logger.addHandler(handler)
        return logger

    return progress
