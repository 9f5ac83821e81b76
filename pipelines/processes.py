"""Processes by name: which one did something, and whether it still lives.

Put here: names that outlive a process, and a restart of the machine. Keep out: what is done about a dead one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def name_process() -> str:
    """This process: its number, and when it began where the system tells, since numbers come back."""
    return _name(os.getpid())


def is_running(name: str) -> bool:
    """Whether the process of this name is still there; another one that has its number now is not."""
    pid, began, _ = name.partition("@")
    return is_alive(int(pid)) and (not began or _name(int(pid)) == name)


def is_alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _name(pid: int) -> str:
    with suppress(OSError):
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return f"{pid}@{told.rpartition(')')[2].split()[19]}"  # ticks from the start of the machine to its own
    return str(pid)
