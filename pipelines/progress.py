"""The pace of landing, as lines for the screen.

Put here: listening to parts as they land. Keep out: the pace itself (ingest/pace.py), the lines of assets (run.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic

from pipelines.ingest.enter import LOG
from pipelines.ingest.manifest import Manifest
from pipelines.ingest.pace import Pace, bytes_to_come
from pipelines.settings import Settings
from quality.company import load_company


class _Parts(logging.Handler):
    """Hears of each part; what is still to come is looked up when the first has landed, so never for nothing."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        super().__init__()
        self._settings, self._say, self._started = settings, say, monotonic()
        self._pace: Pace | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if not hasattr(record, "source_uri"):
            return
        if self._pace is None:
            self._pace = Pace(self._look())
        if line := self._pace.landed(record.source_uri, record.figures["rows"]):
            self._say(f"  {monotonic() - self._started:6.1f} s  {line}")

    def _look(self) -> dict[str, int]:
        settings = self._settings
        today = datetime.now(UTC).date()
        return bytes_to_come(load_company(settings.company), Manifest(settings.state_url), settings.environ, today)


@contextmanager
def tell_pace(settings: Settings, say: Callable[[str], None]) -> Iterator[None]:
    """While landing goes on, a line now and then: rows, rows per second, time left."""
    handler = _Parts(settings, say)
    LOG.addHandler(handler)
    try:
        yield
    finally:
        LOG.removeHandler(handler)
