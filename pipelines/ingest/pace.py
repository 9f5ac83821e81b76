"""How fast landing goes, and how long it will still take.

Put here: bytes to come, and the line that tells the pace. Keep out: where the line is shown (pipelines/run.py).
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date

from pipelines.ingest.errors import LandingError
from pipelines.ingest.files import find_files
from pipelines.ingest.manifest import Manifest
from quality.company import Company
from quality.contract import ContractError

QUIET = 5.0  # seconds between two lines, and before the first
DAY = re.compile(r"@\d{4}-\d\d-\d\d$")  # what a snapshot without a date has behind its source_uri


def bytes_to_come(company: Company, manifest: Manifest, env: Mapping[str, str], today: date) -> dict[str, int]:
    """source_uri -> bytes of the files that never landed; databases do not tell how much there is.

    Corrected files are not among them: to know one it must be read.
    """
    landed = {(part.dataset, DAY.sub("", part.source_uri)) for part in manifest.parts()}
    found: dict[str, int] = {}
    for contract in company.contracts:
        if contract.server.kind != "file":
            continue
        with suppress(ContractError, LandingError, OSError):  # landing tells what is wrong there
            for file in find_files(contract, env):
                is_due = file.day is None or company.first_day <= file.day <= today
                if is_due and (contract.dataset, file.uri) not in landed and (look := file.look()):
                    found[file.uri] = look.size
    return found


class Pace:
    """Counts parts as they land; every few seconds it has a line to tell. It measures from the first part on."""

    def __init__(self, to_come: Mapping[str, int], clock: Callable[[], float] = time.monotonic) -> None:
        """Args: to_come: what `bytes_to_come` said when the first part had just landed."""
        self._to_come, self._clock = to_come, clock
        self._total = sum(to_come.values())
        self._rows = self._first = self._done = 0
        self._started: float | None = None
        self._told = clock()

    def landed(self, source_uri: str, rows: int) -> str | None:
        """Count a part; a line where it is time for one.

        Args:
            rows: it had, also those that were set aside.
        """
        now = self._clock()
        self._rows += rows
        if self._started is None:
            self._started, self._told, self._first = now, now, rows
            return None
        self._done += self._to_come.get(DAY.sub("", source_uri), 0)
        if now - self._told < QUIET:
            return None
        self._told, seconds = now, now - self._started
        line = f"landing: {self._rows:,} rows, {(self._rows - self._first) / seconds:,.0f} rows/s"
        left = (self._total - self._done) * seconds / self._done if self._done else 0
        return f"{line}, about {_rounded(left)} left" if left >= 1 else line


def _rounded(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
