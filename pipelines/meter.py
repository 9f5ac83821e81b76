"""What a piece of work took: seconds, and the most memory its process held meanwhile.

Put here: measuring. Keep out: what is measured, and where figures go (run_log.py).
"""

from __future__ import annotations

import os
import resource
import sys
import threading
import time
import weakref
from pathlib import Path

SECONDS, PEAK, BYTES, ROWS = "seconds", "peak_mb", "bytes", "dagster/row_count"  # names in Dagster's metadata
EVERY = 0.05  # seconds between two looks, 20 microseconds each; a shorter peak may be missed


class Meter:
    """Measures from when it is made.

    Memory is looked at, again and again: Linux would count a peak by itself, but forgetting it at each step would hide
    the peak of the whole process from whoever measures that. Where there is no /proc, it is the peak so far.
    """

    def __init__(self, pid: int | None = None) -> None:
        """Args: pid: a process of ours; None for this one."""
        self._pid, self._memory = pid, Path("/proc") / str(pid or os.getpid()) / "statm"
        self.restart()
        if self._memory.exists():
            threading.Thread(target=_watch, args=(weakref.ref(self),), daemon=True).start()

    def restart(self) -> None:
        """Measure from now on."""
        self._started, self._peak = time.monotonic(), 0.0

    def look(self) -> bool:
        """Take what the process holds now; whether it is there."""
        try:
            pages = int(self._memory.read_text(encoding="ascii").split()[1])
        except (OSError, IndexError):
            return False
        self._peak = max(self._peak, pages * resource.getpagesize() / 2**20)
        return True

    @property
    def seconds(self) -> float:
        return round(time.monotonic() - self._started, 3)

    @property
    def peak_mb(self) -> float | None:
        """None of a process of which nothing was seen."""
        if not self.look() and not self._pid:
            unit = 1 if sys.platform == "darwin" else 1024
            return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20, 1)
        return round(self._peak, 1) or None

    def read(self, *, bytes: int | None = None) -> dict[str, float]:
        """The figures as Dagster's metadata; those nobody knows are left out.

        Args:
            bytes: what the work left on disk.
        """
        figures = {SECONDS: self.seconds, PEAK: self.peak_mb, BYTES: bytes}
        return {name: figure for name, figure in figures.items() if figure is not None}


def _watch(known: weakref.ref[Meter]) -> None:
    """Look until nobody holds the meter any more, or its process is gone."""
    while (meter := known()) is not None and meter.look():
        del meter
        time.sleep(EVERY)
