"""Publishing killed with SIGKILL at every step another process could see leaves readers the old file or the new one,
and publishing again ends where an undisturbed publishing ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines.publish.publish import prepare_marts, publish

PARTS = ("warehouse.duckdb", "c360_marts.duckdb", "published", "private", "released")
# A step is one opening of a file to write, one move or one removal.
PUBLISH = """
import os, signal, sys
from pathlib import Path
from pipelines.publish.publish import publish
home, left = Path(sys.argv[1]), int(sys.argv[2])
def die(event, args):
    global left
    if event in ("os.rename", "os.remove", "shutil.copyfile", "os.chmod") or event == "open" and args[1] in ("w", "wb"):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(die)
publish(*(home / part for part in sys.argv[3:]))
"""


def build(home: Path, run: int) -> None:
    """A run's marts, identity and declarations."""
    prepare_marts(home / "c360_marts.duckdb")
    with duckdb.connect(str(home / "c360_marts.duckdb")) as con:
        con.execute(f"create or replace table marts.fct_a as select {run} as run from range(1000)")
    with duckdb.connect(str(home / "warehouse.duckdb")) as con:
        con.execute("create schema if not exists control; create schema if not exists identity")
        con.execute(f"create or replace table identity.customers as select {run} as run")
        con.execute("create or replace table control.declarations (folder text, name text, text text)")
        con.execute(f"insert into control.declarations values ('tables', 'fct_a.yaml', 'version: {run}')")


def read(home: Path) -> tuple[int, int, str]:
    """The run that the published file, the steward's and the released copy are of."""
    with duckdb.connect() as con:
        con.execute(f"attach '{home}/published/customer360.duckdb' as p (read_only)")
        con.execute(f"attach '{home}/private/steward.duckdb' as s (read_only)")
        ((published, rows),) = con.execute("select any_value(run), count(*) from p.marts.fct_a").fetchall()
        ((steward,),) = con.execute("select run from s.identity.customers").fetchall()
    assert rows == 1000
    return published, steward, (home / "released" / "tables" / "fct_a.yaml").read_text()


def drafts(home: Path) -> list[Path]:
    return [f for f in home.rglob(".*") if f.is_file()]


@pytest.mark.parametrize("step", [4, 7, 8, 9, 10])
def test_a_publishing_killed_at_any_step_leaves_whole_files_and_ends_right_when_run_again(tmp_path, step):
    build(tmp_path, 1)
    publish(*(tmp_path / part for part in PARTS))
    build(tmp_path, 2)
    arguments = [sys.executable, "-c", PUBLISH, str(tmp_path), str(step), *PARTS]
    done = subprocess.run(arguments, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    published, steward, released = read(tmp_path)
    assert (published, steward) in ((1, 1), (1, 2), (2, 2)), "the steward's file goes first"
    assert published == 1 or released == "version: 2", "what is published is held to what it says"
    publish(*(tmp_path / part for part in PARTS))
    assert read(tmp_path) == (2, 2, "version: 2")
    # Regression: drafts of a killed publishing, a copy of the whole database among them, stayed for ever.
    assert drafts(tmp_path) == []
