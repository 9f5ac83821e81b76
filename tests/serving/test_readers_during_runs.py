"""Two full runs of the demo company under three readers: our DuckDB, an older one, SQLAlchemy.

Put here: whole runs. Keep out: swaps of small files (tests/publish/test_publish.py).
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from polling import Reader
from support.own_python import find_old_python

from pipelines.simulator.simulate import simulate

C360 = Path(sys.executable).parent / "c360"
LAST_DAYS = ("2026-02-14", "2026-02-15")  # arrive one before each of the two runs that are watched

pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("readers_during_runs")]


@dataclass(frozen=True)
class Watched:
    """What each reader reported, and how many runs it was reading beside."""

    current: dict
    old: dict
    sqlalchemy: dict
    runs: int


def run(home: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("C360_", "DAGSTER_"))}
    done = subprocess.run([str(C360), "run", "--home", str(home)], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    old_python = find_old_python()
    home = tmp_path_factory.mktemp("served") / "home"
    simulate(home / "sources", home / "truth", people=300, seed=7)
    late = {day: hold_back(home / "sources", day) for day in LAST_DAYS}
    run(home)
    published = home / "published" / "customer360.duckdb"
    programs = {"current": (sys.executable, "read_tables.py"), "old": (old_python, "read_tables.py"),
                "sqlalchemy": (sys.executable, "read_schema.py")}  # fmt: skip
    with ExitStack() as stack:
        readers = {}
        for name, (python, program) in programs.items():
            readers[name] = Reader.start(python, program, published)
            stack.callback(readers[name].process.kill)
        for files in late.values():
            deliver(files)
            run(home)
        reports = {name: reader.stop() for name, reader in readers.items()}
    return Watched(**reports, runs=len(LAST_DAYS))


def hold_back(sources: Path, day: str) -> list[Path]:
    """Take the day's files away; returns them under the name they wait under."""
    files = [f for f in sources.rglob("*") if f.is_file() and (day in f.name or day.replace("-", "") in f.name)]
    assert files, f"{sources}: no file of {day}"
    waiting = [f.with_name(f"_{f.name}.later") for f in files]
    for file, aside in zip(files, waiting, strict=True):
        file.rename(aside)
    return waiting


def deliver(files: list[Path]) -> None:
    for file in files:
        file.rename(file.with_name(file.name.removeprefix("_").removesuffix(".later")))


@pytest.mark.parametrize("client", ["current", "old"])
def test_a_reader_beside_two_runs_never_fails_and_sees_whole_runs_only(watched, client):
    report = getattr(watched, client)
    growth = [state["interactions"] for state in report["seen"].values()]
    assert len(growth) in (watched.runs, watched.runs + 1)  # the last run may end as the reader is told to stop
    assert growth == sorted(set(growth))
    assert report["reads"] > 10 * len(growth)


def test_the_older_client_is_a_1_4_and_sees_what_ours_sees(watched):
    assert watched.old["client"].startswith("1.4.")
    shared = watched.old["seen"].keys() & watched.current["seen"].keys()
    assert len(shared) >= watched.runs
    assert {run: watched.old["seen"][run] for run in shared} == {run: watched.current["seen"][run] for run in shared}


def test_sqlalchemy_reflects_the_same_tables_comments_and_keys_throughout(watched):
    keys = watched.sqlalchemy["seen"]["schema"]["keys"]
    assert keys["dim_customers"] == ["customer_id"]
    assert keys["dim_journey_stages"] == ["journey_key", "stage_id"]
    assert all(keys.values()), f"dimensions without a key: {[t for t, k in keys.items() if not k]}"
    assert watched.sqlalchemy["reads"] > watched.runs
