"""Files of work in `<home>/tmp`: what a killed process left there goes when the next one begins.

Put here: how a scratch is named after its process, and clearing. Keep out: landing's own (pipelines/ingest/disk.py).
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from pipelines.processes import is_alive

FOLDER = "tmp"  # in the home
NAMED = re.compile(r"(?:duckdb_temp|scratch)_(\d+)_")  # DuckDB names what it spills so, too


def name_scratch() -> str:
    """How the name of a file of work of this process begins."""
    return f"scratch_{os.getpid()}_"


def clear_scratch(home: Path) -> int:
    """Remove what processes that are gone left; what a living one has is left to it, so nobody has to wait.

    DuckDB removes spill of dead processes itself, but only once it spills again.

    Returns:
        How many there were.
    """
    left = [f for f in (home / FOLDER).glob("*_*") if (named := NAMED.match(f.name)) and not is_alive(int(named[1]))]
    for file in left:
        if file.is_dir():
            shutil.rmtree(file, ignore_errors=True)
        else:
            file.unlink(missing_ok=True)
    return len(left)
