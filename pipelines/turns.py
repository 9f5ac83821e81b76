"""Whose turn it is to write to a home: one process at a time, whichever way it was started.

A lock of the operating system on `<home>/writer.lock`. It ends with the processes that have the file open, so nothing
is left to clear when one is killed; and it ends only then, so what a killed run left running is waited for, too.

Put here: taking the lock, and telling who has it. Keep out: what is written in a turn.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from pipelines.processes import is_alive

LOCK = "writer.lock"
STDIN = 0
_taken: set[Path] = set()  # by this process


class HomeBusyError(RuntimeError):
    """Another process writes to the home, and the caller would not wait. The message says which."""


@contextmanager
def take_turn(home: Path, what: str, say: Callable[[str], object], *, wait: bool = True) -> Iterator[None]:
    """Write to a home alone; within a turn of this process at once.

    Args:
        home: an existing folder.
        what: who waits for us reads it: `c360 run`.
        say: called with one line when there is somebody to wait for.
    Raises:
        HomeBusyError: it is somebody else's turn, and `wait` is false.
    """
    file = home.resolve() / LOCK
    if file in _taken:
        yield
        return
    with open(file, "a+", encoding="utf-8", opener=_for_its_owner) as lock:
        _wait(lock.fileno(), file, say, wait)
        _taken.add(file)
        try:
            lock.truncate(0)
            json.dump({"pid": os.getpid(), "what": what, "since": f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"}, lock)
            lock.flush()
            with _inherited(lock.fileno()):
                yield
            fcntl.flock(lock, fcntl.LOCK_UN)  # only now: after a fault a child may still be writing
        finally:
            _taken.discard(file)


def _for_its_owner(file: str, flags: int) -> int:
    return os.open(file, flags, 0o600)


@contextmanager
def _inherited(descriptor: int) -> Iterator[None]:
    """Let every child of this process have the file open, too: as its standard input, all that Python hands on of
    itself. So dbt, which writes, keeps the lock when the run that started it is killed."""
    before = os.dup(STDIN)
    os.dup2(descriptor, STDIN)
    try:
        yield
    finally:
        os.dup2(before, STDIN)
        os.close(before)


def _wait(descriptor: int, file: Path, say: Callable[[str], object], wait: bool) -> None:
    with suppress(BlockingIOError):
        return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    holder = _name_holder(file)
    if not wait:
        raise HomeBusyError(f"{file.parent}: {holder} writes to it; try again later, or without --no-wait")
    say(f"waits for {holder}")
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _name_holder(file: Path) -> str:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return "another process"  # that has just begun
    holder = f"{told['what']} (process {told['pid']}, since {told['since']})"
    if is_alive(told["pid"]):
        return holder
    children = ", ".join(_who_reads(file))
    return f"what {holder} left running when it was killed" + (f": process {children}" if children else "")


def _who_reads(file: Path) -> Iterator[str]:
    """Processes with the file as their standard input, where the system tells."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "fd" / str(STDIN)).readlink() == file:
                yield process.name
