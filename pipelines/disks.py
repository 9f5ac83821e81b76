"""Disks a home cannot be written to: full, read-only, of another user. Told before a run, and of one they stopped.

Put here: which folder, what is wrong with its disk, what to do. Keep out: the writing itself; it leaves the old state
or the new (pipelines/ingest/disk.py, pipelines/publish/publish.py).
"""

from __future__ import annotations

import errno
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDERS = (
    "", "dagster", "dbt", "landing", "lineage", "private", "published", "quarantine", "released", "site", "tmp",
)  # fmt: skip
LEAST = 16 << 20  # bytes free: with less nothing begins, since even noting that a run failed takes some
STOPPED = re.compile(
    "no space left|disk is full|quota exceeded|read-only file system|readonly database|permission denied"
    "|unable to open database file|disk i/o error",
    re.IGNORECASE,
)
FULL = (errno.ENOSPC, errno.EDQUOT)
STANDS = "nothing that landed is lost, and what is published stands"


class DiskError(RuntimeError):
    """A disk of the home does not take what is written. The message says which folder and what to do."""


def require_disks(home: Path) -> None:
    """See that every folder of a home can be written to, and has some room, before anything begins.

    Raises:
        DiskError: one line for each that has not.
    """
    if faults := find_disk_faults(home):
        raise DiskError("\n".join(faults))


@contextmanager
def telling_disks(home: Path) -> Iterator[None]:
    """Tell a fault that a disk is behind as such.

    Raises:
        DiskError: instead of whatever a library made of it.
    """
    try:
        yield
    except DiskError:
        raise
    except Exception as fault:
        if advice := advise([str(f) for f in _chain(fault)], home):
            raise DiskError(advice) from fault
        raise


def advise(messages: Iterable[str], home: Path) -> str | None:
    """What to do where one of the messages of a run says that a disk stopped it; else None."""
    if not any(STOPPED.search(message) for message in messages):
        return None
    faults = find_disk_faults(home)
    if faults:
        return "\n".join(faults)
    folder = min(_folders(home), key=_free)  # what the run had written is gone again
    return (
        f"{folder}: its disk stopped the run, and has {_told(folder)} free now; make sure it has room (twice the home "
        f"and what it spills) and can be written to, then run again: {STANDS}"
    )


def find_disk_faults(home: Path) -> list[str]:
    """One line for each disk of the home that is full and each folder that cannot be written to."""
    faults: list[str] = []
    full: set[int] = set()
    for folder in _folders(home):
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as fault:
            if fault.errno not in FULL:
                faults.append(
                    f"{folder}: cannot be written to by user {os.geteuid()} ({fault.strerror}); mount its disk for "
                    f"writing, or give the folder to that user, then run again: {STANDS}"
                )
                continue
        disk = folder.stat().st_dev
        if _free(folder) < LEAST and disk not in full:
            full.add(disk)
            faults.append(
                f"{folder}: its disk is full: {_told(folder)} free, {LEAST >> 20} MiB needed to begin; free some or "
                f"give it more, then run again: {STANDS}"
            )
    return faults


def _folders(home: Path) -> list[Path]:
    return [folder for name in FOLDERS if (folder := home / name).is_dir()]


def _free(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def _told(folder: Path) -> str:
    disk = os.statvfs(folder)
    return f"{_free(folder) >> 20} of {disk.f_blocks * disk.f_frsize >> 20} MiB"


def _chain(fault: BaseException | None) -> Iterator[BaseException]:
    while fault is not None:
        yield fault
        fault = fault.__cause__ or fault.__context__
