"""A release killed with SIGKILL at every step another process could see leaves the old part or the new one, with its
audit entry or without, and ends where an undisturbed release ends when it is run again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.ingest_home import Home, column

from pipelines.audit import read_entries

BEFORE, AFTER = [(1, "A"), (3, "A")], [(1, "A"), (2, "B"), (3, "A")]
# Steps 1-4 open state and working folder; then kept, quarantined and landed rows are moved into place and synced,
# and the part that was is moved out of sight.
RELEASE = """
import os, signal, sys
from pathlib import Path
from support.ingest_home import Home
left = int(sys.argv[2])
def die(event, args):
    global left
    if event in ("os.rename", "sqlite3.connect") or event == "open" and Path(str(args[0])).is_dir():
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
home = Home.reopen(Path(sys.argv[1]))
batches = home.open_batches()
sys.addaudithook(die)
home.release(batches)
"""


def release_and_die(home: Home, step: int) -> int:
    """Release in a process of its own which is killed just before its `step`-th move, sync of one, or transaction."""
    arguments = [sys.executable, "-c", RELEASE, str(home.folder), str(step)]
    paths = os.pathsep.join([".", "tests"])
    return subprocess.run(arguments, cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": paths}).returncode


def declare(home: Home, pattern: str) -> None:
    home.declare(
        column("k", "integer", primaryKey=True, required=True),
        column("code", required=True, logicalTypeOptions={"pattern": pattern}),
    )


def read_actions(home: Home) -> list[str]:
    with home.manifest.engine.connect() as con:
        return [entry["action"] for entry in read_entries(con)]


@pytest.mark.parametrize("step", [5, 8, 10, 11])
def test_a_release_killed_at_any_step_shows_one_whole_part_and_ends_right_when_run_again(tmp_path, step):
    home = Home(tmp_path / "home")
    declare(home, "^A")
    file = home.put("a.csv", "k,code\n1,A\n2,B\n3,A\n4,C\n")
    home.land()
    file.unlink()
    declare(home, "^[AB]")
    code = release_and_die(home, step)
    assert code == -signal.SIGKILL
    seen = home.rows("k, code")
    assert seen in (BEFORE, AFTER)
    assert read_actions(home) == (["quarantine release"] if seen == AFTER else [])
    files = home.landing.glob("d/arrived=*/*.parquet")
    assert {p.content_hash for p in home.manifest.current("d")} <= {f.stem for f in files}
    home.release()
    assert home.rows("k, code") == AFTER
    assert read_actions(home) == ["quarantine release"]
    (part,) = home.manifest.current("d")
    assert (part.received, part.landed, part.quarantined) == (4, 3, 1)
    assert [key for batch, key in home.kept("batch_id, record_key") if batch == part.content_hash] == ["4"]
