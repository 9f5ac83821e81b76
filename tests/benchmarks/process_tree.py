"""A command timed, with the most memory it and all it started held together.

Put here: running and watching. Keep out: what is run.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

EVERY = 0.2  # seconds between two looks: a shorter peak may be missed
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Spent:
    seconds: float
    peak_gb: float  # resident; what processes share counts in each of them


def spend(command: list[object], environ: dict[str, str]) -> Spent:
    """Run a command to its end; it says what it says on standard output only where it fails.

    Raises:
        SystemExit: it failed.
    """
    started, peak = time.perf_counter(), 0
    words = [str(word) for word in command]
    with subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        while running.poll() is None:
            peak = max(peak, _resident(running.pid))
            try:
                running.wait(EVERY)
            except subprocess.TimeoutExpired:
                continue
        seconds = time.perf_counter() - started
        told = running.stdout.read()
    if running.returncode:
        raise SystemExit(f"{' '.join(words)} failed:\n{told[-4000:]}")
    return Spent(seconds, peak / 1e9)


def _resident(root: int) -> int:
    """Bytes of a process and all below it."""
    children, pages = defaultdict(list), {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            said = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it is gone
        children[int(said[1])].append(int(folder.name))
        pages[int(folder.name)] = int(said[21])
    found, total = [root], 0
    while found:
        process = found.pop()
        total += pages.get(process, 0)
        found += children[process]
    return total * PAGE
