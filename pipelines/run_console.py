"""A run in lines for people: assets as they are made, what went wrong, what a step warns of.

Put here: how an event of Dagster is said. Keep out: running (run.py), the log in lines of JSON (json_log.py).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from time import monotonic

import dagster as dg

from pipelines.check_log import NUMBERS

DBT_ERRORS = "Errors parsed from dbt logs:"  # what stands before it names the command, with all its models
STACK = re.compile(r"^Traceback \(.*\n(?:\s.*\n)*", re.MULTILINE)  # all but its last line, which says what went wrong
LEFT_OUT = re.compile(r"Dependencies for step (\S+) ")
TEST_FAILED = re.compile(r"\d+ of \d+ FAIL |Failure in test |Got \d+ results?, configured to |compiled code at ")


def list_faults(event: dg.DagsterEvent) -> list[str]:
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
    """What dbt says of models that could not be built; of tests, and of where in its own code it was, nothing."""
    said = [line.strip() for line in STACK.sub("", "\n".join(lines)).splitlines()]
    return [line for line in said if line and not TEST_FAILED.match(line)]


def _failed_check(evaluation: dg.AssetCheckEvaluation) -> list[str]:
    if evaluation.passed or evaluation.severity != dg.AssetCheckSeverity.ERROR:
        return []
    asset = evaluation.asset_key.to_user_string()
    held = evaluation.metadata.get("messages")  # only landing has one: why a batch does not count
    if held:
        return [f"{asset}: {held.value}"]
    rows = next((evaluation.metadata[name].value for name in NUMBERS if name in evaluation.metadata), None)
    if rows == 0:  # a test of dbt that ended before it had an answer
        return [f"{asset}: {evaluation.check_name} could not be asked; nothing is published until it holds"]
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
                self._warned(told.get("orig_message", record.getMessage()))
            return
        if event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION:
            self._materialized(event)
        for fault in list_faults(event):
            self._say(f"  ✗ {fault}")

    def _warned(self, text: str) -> None:
        """Of a step that is left out Dagster names what it needs, once for each of its assets."""
        if left_out := LEFT_OUT.match(text):
            text = f"{left_out[1]}: left out, for what it needs was not made"
        self._say(f"  ! {text}")

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
