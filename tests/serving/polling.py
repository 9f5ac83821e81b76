"""Reading the published file over and over while something else writes, in a process of its own.

Put here: the reader's loop, and starting and ending it. Keep out: what is read (read_tables.py, read_schema.py).
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PAUSE = 0.2  # seconds between two reads, so that readers leave the runs some of the machine


def poll(client: str, read: Callable[[str], tuple[str, dict]]) -> None:
    """Read the file named on the command line until standard input closes, then print one JSON line.

    Args:
        client: what the report calls this reader.
        read: opens the file and returns (run id, state); it raises AssertionError where two tables disagree.
    """
    seen: dict[str, dict] = {}
    reads = 0
    while True:
        run, state = read(sys.argv[1])
        assert seen.setdefault(run, state) == state, f"run {run} was published in two states"
        reads += 1
        if reads == 1:
            print("reading", flush=True)
        if select.select([sys.stdin], [], [], PAUSE)[0]:
            break
    print(json.dumps({"client": client, "reads": reads, "seen": seen}))


@dataclass
class Reader:
    """A reader at work."""

    process: subprocess.Popen[str]

    @classmethod
    def start(cls, python: str | Path, program: str, file: Path) -> Reader:
        """Run `program` of this folder under `python` on the file; returns after its first answer."""
        process = subprocess.Popen(
            [str(python), str(Path(__file__).with_name(program)), str(file)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        )
        if process.stdout.readline() != "reading\n":
            raise AssertionError(process.communicate()[1])
        return cls(process)

    def stop(self) -> dict:
        """End it and return its report: client, reads, state of each run. Raises AssertionError with its fault."""
        out, err = self.process.communicate("")
        assert self.process.returncode == 0, err
        return json.loads(out)
