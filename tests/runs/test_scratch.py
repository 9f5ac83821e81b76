"""What killed processes left in the home's scratch folder goes; what living ones have there stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pipelines.processes import is_running, name_process
from pipelines.scratch import clear_scratch, name_scratch

# Spills into the folder, says so, and stays until it is killed.
SPILL = """
import sys, duckdb
con = duckdb.connect(config={"memory_limit": "60MB", "threads": "1", "temp_directory": sys.argv[1]})
con.execute("create table t as select range as i, md5(range::varchar) as s, random() as r from range(1_500_000)")
print("spilled", flush=True)
sys.stdin.read()
"""


def test_spill_of_a_killed_process_is_removed_and_that_of_a_living_one_is_not(tmp_path):
    # Regression: it stayed until something else spilled.
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    (scratch / f"{name_scratch()}ours").mkdir()
    spiller = subprocess.Popen(
        [sys.executable, "-c", SPILL, str(scratch)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert spiller.stdout.readline() == "spilled\n"
    spilled = sorted(scratch.glob("duckdb_temp_*"))
    assert spilled and clear_scratch(tmp_path) == 0
    spiller.kill()
    spiller.wait()
    (scratch / f"scratch_{spiller.pid}_backup").mkdir()
    assert sorted(scratch.glob("duckdb_temp_*")) == spilled
    assert clear_scratch(tmp_path) == len(spilled) + 1
    assert [f.name for f in scratch.iterdir()] == [f"{name_scratch()}ours"]


def test_a_process_is_not_taken_for_another_one_that_has_its_number_now():
    mine = name_process()
    assert is_running(mine) and is_running(str(os.getpid()))
    if Path("/proc/self/stat").exists():
        assert not is_running(f"{os.getpid()}@1")
