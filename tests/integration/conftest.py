"""Whole runs, made once per size: the demo company through the command a user types.

Put here: homes several test files look at. Keep out: what is expected of them.
The tests of one size share a home, so they are one group and run on one worker.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import pytest
from corner_shop_home import run_c360
from demo_sizes import FULL, SMALL
from undisturbed_shop import Undisturbed, run_undisturbed


@dataclass(frozen=True)
class Demo:
    """A home after `c360 demo`. `con` sees the published file as p, the steward's as s, the truth as tables."""

    people: int
    home: Path
    seconds: float
    con: duckdb.DuckDBPyConnection

    @cached_property
    def counts(self) -> dict:
        return json.loads((self.home / "truth" / "counts.json").read_text(encoding="utf-8"))

    def ask(self, query: str) -> list[tuple]:
        return self.con.execute(query).fetchall()

    def count(self, query: str) -> dict:
        """key -> value of a query of two columns."""
        return dict(self.ask(query))


@pytest.fixture(scope="session", params=[SMALL, FULL])
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """The demo company of this size, run once."""
    home = tmp_path_factory.mktemp("demo") / "home"
    started = time.monotonic()
    done = run_c360("demo", "--home", home, "--people", request.param)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    with duckdb.connect() as con:
        con.execute(f"attach '{home}/published/customer360.duckdb' as p (read_only)")
        con.execute(f"attach '{home}/private/steward.duckdb' as s (read_only)")
        for name in ("persons", "records", "events", "journeys"):
            con.execute(f"create view {name} as from '{home}/truth/{name}.parquet'")
        # Which customer each person's record became: the bridge between truth and marts.
        con.execute("""
            create table resolved as
            select r.dataset || ':' || r.record_key as record_id, r.person_id, l.customer_id
            from records as r
            left join s.identity.id_lookup as l on l.subject_id = r.dataset || ':' || r.record_key
        """)
        yield Demo(request.param, home, time.monotonic() - started, con)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """The corner shop before and after one run that nobody disturbed."""
    return run_undisturbed(tmp_path_factory.mktemp("undisturbed"))
