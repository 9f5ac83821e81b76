"""Disks of the tests' own: a small one in memory, and a folder that is read-only.

Put here: mounting and unmounting. Keep out: what is put on them (each test).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Disk:
    """A disk in memory, mounted at `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def resize(self, mib: int) -> None:
        _mount("-o", f"remount,size={mib}m", self.folder)

    def leave_free(self, mib: int) -> None:
        """Make it as large as what is on it, and so much more."""
        now = os.statvfs(self.folder)
        self.resize(((now.f_blocks - now.f_bavail) * now.f_frsize >> 20) + mib)


@contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[Disk]:
    """Mount an empty disk of so many MiB at `folder`; skip the test where mounting is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", folder)
    with _unmounted(folder):
        yield Disk(folder)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Nobody, not even root, may write below `folder` until left; skip the test where mounting is not allowed."""
    _mount("--bind", folder, folder)
    with _unmounted(folder):
        _mount("-o", "remount,bind,ro", folder)
        yield


def _mount(*arguments: object) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk: run this test as root")
    done = subprocess.run(["mount", *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no disk can be mounted on this machine: {done.stderr.strip()}")


@contextmanager
def _unmounted(folder: Path) -> Iterator[None]:
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)
