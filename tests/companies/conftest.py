"""AdventureWorks, run twice for all tests of it.

Put here: the homes after each run, and a connection that sees all of them. Keep out: how the files are read
(adventureworks_files.py), figures (test_*.py).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from adventureworks_files import read_files

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def raw(real_data: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with read_files(real_data / "adventureworks") as con:
        yield con


@pytest.fixture(scope="session")
def homes(tmp_path_factory, real_data):
    """(home as the first run left it, home after a second run on the same files)."""
    home = tmp_path_factory.mktemp("adventureworks") / "home"
    _run(home, real_data)
    first = home.parent / "first"
    shutil.copytree(home, first, ignore=shutil.ignore_patterns("dagster", "tmp"))
    _run(home, real_data, "--anyway")
    return first, home


@pytest.fixture(scope="session")
def c360(homes, raw):
    """The raw files, and beside them the published file `p`, the steward's `s`, the warehouse `w`, the manifest."""
    first, _ = homes
    raw.execute(f"attach '{first}/published/customer360.duckdb' as p (read_only)")
    raw.execute(f"attach '{first}/private/steward.duckdb' as s (read_only)")
    raw.execute(f"attach '{first}/warehouse.duckdb' as w (read_only)")
    raw.execute(
        "create table numbers as select i.subject_id, i.value as no, l.customer_id from w.std.std_identifiers i "
        "join w.identity.id_lookup l using (subject_id) "
        "where i.identifier_type = 'customer_id' and i.namespace = 'adventureworks.customer'"
    )
    return raw


def _run(home: Path, data: Path, *options: str) -> None:
    command = [Path(sys.executable).parent / "c360", "run", "--company", REPOSITORY / "companies" / "adventureworks"]
    done = subprocess.run(
        [*command, "--home", home, *options], env={**os.environ, "C360_DATA": str(data)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
