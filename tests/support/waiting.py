"""Waiting for another process, as long as a slow machine may need.

Put here: nothing else. Keep out: how the other process is reached.
"""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 60  # seconds


def wait_until(holds: Callable[[], bool]) -> None:
    """Return once it holds; it is asked every 20 ms."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)
