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
PATIENCE = 1.0  # seconds between two looks at what is shared, which cost some 20 ms for each GB
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Spent:
    seconds: float
    peak_gb: float  # resident; a page that processes share counts once


def spend(command: list[object], environ: dict[str, str]) -> Spent:
    """Run a command to its end; it says what it says on standard output only where it fails.

    Raises:
        SystemExit: it failed.
    """
    started, peak, looked = time.perf_counter(), 0, 0.0
    words = [str(word) for word in command]
    with subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        while running.poll() is None:
            tree = _resident(running.pid)
            if sum(tree.values()) > peak and time.perf_counter() > looked + PATIENCE:
                peak, looked = max(peak, sum(map(_share, tree))), time.perf_counter()
            try:
                running.wait(EVERY)
            except subprocess.TimeoutExpired:
                continue
        seconds = time.perf_counter() - started
        told = running.stdout.read()
    if running.returncode:
        raise SystemExit(f"{' '.join(words)} failed:\n{told[-4000:]}")
    return Spent(seconds, peak / 1e9)


def _resident(root: int) -> dict[int, int]:
    """Bytes of a process and of all below it, by its number: those it shares, too."""
    children, pages = defaultdict(list), {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            said = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it is gone
        children[int(said[1])].append(int(folder.name))
        pages[int(folder.name)] = int(said[21])
    found, tree = [root], {}
    while found:
        process = found.pop()
        tree[process] = pages.get(process, 0) * PAGE
        found += children[process]
    return tree


def _share(process: int) -> int:
    """Bytes of a process, of pages it shares its share (PSS)."""
    try:
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0  # it is gone
    return next((int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:")), 0)
