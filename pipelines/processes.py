"""Processes by name: which one did something, and whether it still lives.

Put here: names that outlive a process, and a restart of the machine. Keep out: what is done about a dead one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path


def name_process(pid: int | None = None) -> str:
    """This process, or another: its number, and when it began where the system tells, since numbers come back."""
    return _name(pid or os.getpid())


def is_running(name: str) -> bool:
    """Whether the process of this name is still there; another one that has its number now is not, nor is one that
    ended and was not asked for yet."""
    pid, _, began = name.partition("@")
    return is_alive(int(pid)) and (not began or (_name(int(pid)) == name and _stat(int(pid))[0] != "Z"))


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
        return f"{pid}@{_stat(pid)[19]}"  # ticks from the start of the machine to its own
    return str(pid)


def _stat(pid: int) -> list[str]:
    """What the system tells of a process after its name, its state first."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
