"""Landing killed with SIGKILL at every step another process could see: what is current stays whole, and landing again
ends where an undisturbed landing ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.ingest_home import Home, column

COLUMNS = (column("k", "integer", primaryKey=True, required=True), column("v", "integer"))
BEFORE, AFTER = [(1, 10), (2, 20)], [(1, 11), (2, 20), (3, 30), (4, None)]
# Steps 1–6 open state and working folder; then kept, quarantined and landed rows are moved into place and synced.
LAND = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from pipelines.ingest.land import land
from pipelines.ingest.manifest import Manifest
from quality.company import Company
from quality.read_contract import read_contract
folder, left = Path(sys.argv[1]), int(sys.argv[2])
contract = read_contract(folder / "d.odcs.yaml")
company = Company(folder, "c", "C", "DE", "Europe/Berlin", "EUR", datetime(2000, 1, 1).date(), 5.0, (), (contract,), {})
def die(event, args):
    global left
    # A folder is opened to make a move last: after a file is in place, before the manifest knows of it.
    if event in ("os.rename", "sqlite3.connect") or event == "open" and Path(str(args[0])).is_dir():
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(die)
land(contract, company, landing=folder / "landing", quarantine=folder / "quarantine",
     manifest=Manifest(f"sqlite:///{folder / 'state.db'}"),
     env={"C360_DATA": str(folder / "sources"), "C360_FILE_SETTLE": "0"},
     first_day=datetime(2000, 1, 1).date(), last_day=datetime(2100, 1, 1).date(), now=datetime(2024, 5, 11))
"""


def land_and_die(home: Home, step: int) -> int:
    """Land in a process of its own which is killed just before its `step`-th move, sync of one, or transaction."""
    arguments = [sys.executable, "-c", LAND, str(home.folder), str(step)]
    return subprocess.run(arguments, cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": "."}).returncode


def current_rows(home: Home) -> list[tuple]:
    """What the current parts hold, each read from the one file that is theirs."""
    files = home.landing.glob("d/arrived=*/*.parquet")
    assert {p.content_hash for p in home.manifest.current("d")} <= {f.stem for f in files}
    return home.rows("k, v")


@pytest.mark.parametrize("step", [7, 9, 10, 11, 12, 13])
def test_a_landing_killed_at_any_step_shows_one_whole_part_and_ends_right_when_run_again(tmp_path, step):
    home = Home(tmp_path / "home")
    home.declare(*COLUMNS)
    home.put("a.csv", "k,v\n1,10\n2,20\n")
    home.land()
    home.put("a.csv", "k,v\n1,11\n2,20\n3,30\n4,x\n")
    code = land_and_die(home, step)
    assert code in (0, -signal.SIGKILL)
    assert current_rows(home) in (BEFORE, AFTER)
    home.land()
    assert current_rows(home) == AFTER
    assert [r[2] for r in home.kept("kind, row_no, rule_id")] == ["v.type"]
    assert [p.state for p in home.manifest.parts("d")] == ["replaced", "current"]
    assert len(list(home.landing.glob("d/arrived=*/*.parquet"))) == 1, "a replaced part is out of the readers' sight"
    assert not [f for f in home.landing.glob(".tmp-*") if any(f.rglob("*"))], "nothing half-written is left for ever"


@pytest.mark.parametrize("step", [8, 12])
def test_a_part_killed_before_its_entry_never_shows_up_beside_the_next(tmp_path, step):
    # Regression: its file stayed, under the part_seq the next part got, and its rows were read with that part's.
    home = Home(tmp_path / "home")
    home.declare(*COLUMNS)
    home.put("a.csv", "k,v\n1,10\n2,20\n")
    home.land()
    home.put("a.csv", "k,v\n1,11\n7,70\n8,x\n")
    assert land_and_die(home, step) == -signal.SIGKILL
    home.put("a.csv", "k,v\n1,12\n9,x\n")
    home.land()
    assert current_rows(home) == [(1, 12), (9, None)]
    kept = [r[1] for r in home.kept("kind, record_key") if r[1] not in ("9",)]
    assert kept in ([], ["8"]), "of the killed part at most what was entered"
