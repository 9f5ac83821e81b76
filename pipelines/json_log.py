"""The log of `c360 run`: <home>/run.log, one JSON object a line, of ours, of Dagster, of dbt and of libraries.

Put here: how a record becomes a line, and how what is printed becomes a record. Keep out: what a run tells on the
screen (run.py).
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from traceback import extract_tb

import dagster as dg

from pipelines.meter import BYTES, PEAK, ROWS, SECONDS

LARGEST = 10 << 20  # bytes; then the log goes on in a new file, and one older is kept
LONGEST = 1000  # characters of a message: a dbt command names every model it builds
OURS = "pipelines"  # loggers of ours tell from INFO on, those of libraries from WARNING on
Event = dg.DagsterEventType
TOLD = {
    Event.RUN_START, Event.RUN_SUCCESS, Event.RUN_FAILURE, Event.RUN_CANCELED, Event.STEP_START, Event.STEP_SUCCESS,
    Event.STEP_FAILURE, Event.STEP_UP_FOR_RETRY, Event.ASSET_MATERIALIZATION,
}  # fmt: skip
FIGURES = {ROWS: "rows", BYTES: "bytes", SECONDS: "seconds", PEAK: "peak_mb"}
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
ABOUT_DATA = re.compile(r"(Conversion|Invalid Input|Out of Range|Constraint|Data) Error", re.IGNORECASE)
QUOTED = re.compile(r"""'[^']*'|"[^"]*"|(?<=: ).*@\S*""")


def without_values(text: str) -> str:
    """A message without what it quotes, where a database tells of data: that may be a customer's value."""
    return QUOTED.sub("…", text) if ABOUT_DATA.search(text) else text


class JsonLines(logging.Formatter):
    """time, level, run, asset, message; of an exception its kind and where it was, not what it says."""

    def __init__(self) -> None:
        super().__init__()
        self._run: str | None = None
        self._step: str | None = None

    def format(self, record: logging.LogRecord) -> str:
        told = getattr(record, "dagster_meta", {})
        event: dg.DagsterEvent | None = told.get("dagster_event")
        message, figures = told.get("orig_message") or record.getMessage(), getattr(record, "figures", {})
        if told:  # what is printed, and what libraries say, comes from the step that goes on
            self._run, self._step = told.get("run_id"), told.get("step_key")
        asset = getattr(record, "asset", None) or self._step
        if event is not None and event.event_type == Event.ASSET_MATERIALIZATION:
            made = event.event_specific_data.materialization
            asset, figures = made.asset_key.to_user_string(), _figures(made)
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower() if event is None or event.is_failure else "info",
            "run": self._run,
            "asset": asset,
            "message": without_values(message)[:LONGEST],
            **figures,
        }
        if record.exc_info and record.exc_info[0]:
            frames = extract_tb(record.exc_info[2])
            line["exception"] = record.exc_info[0].__name__
            line["at"] = [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames]
        return json.dumps(line, ensure_ascii=False, default=str)


def _figures(made: dg.AssetMaterialization) -> dict[str, object]:
    return {said: made.metadata[name].value for name, said in FIGURES.items() if name in made.metadata}


def _is_told(record: logging.LogRecord) -> bool:
    """Of Dagster's own events those a reader of a log asks for; everything else that is said."""
    event = getattr(record, "dagster_meta", {}).get("dagster_event")
    return record.levelno >= logging.INFO if event is None else event.event_type in TOLD


class _Printed(io.TextIOBase):
    """A stream whose lines are records. It has no file behind it, so Dagster does not copy it into files of its own."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger, self._begun = logger, ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            said = COLOUR.sub("", line).rsplit("\r", 1)[-1].strip()  # of a progress bar, how it ended
            if said:
                self._logger.info("%s", said)
        return len(text)


@contextmanager
def log_run(file: Path) -> Iterator[logging.Handler]:
    """Everything that is logged or printed in this process goes to `file`, until left.

    Yields:
        the handler, for loggers that stand apart, as Dagster's do.
    """
    handler = RotatingFileHandler(file, maxBytes=LARGEST, backupCount=1, encoding="utf-8")
    handler.setFormatter(JsonLines())
    handler.addFilter(_is_told)
    root, ours = logging.getLogger(), logging.getLogger(OURS)
    level = ours.level
    printed = _Printed(logging.getLogger(f"{OURS}.printed"))
    root.addHandler(handler)
    ours.setLevel(logging.INFO)
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            yield handler
    finally:
        root.removeHandler(handler)
        ours.setLevel(level)
        handler.close()
