"""A simulated company that has landed, watched: its sources, its parts, their profiles, and what the watches say.

Put here: landing and judging without a run. Keep out: faults planted in it (tests/quality), expectations.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
from support.at_once import AT_ONCE

from pipelines.ingest.errors import LandingError
from pipelines.ingest.land import land
from pipelines.ingest.manifest import Manifest
from pipelines.publish.quarantine_counts import write_quarantine_counts
from pipelines.simulator.simulate import FIRST_DAY, simulate
from quality.company import load_company
from quality.suites import CheckResult
from quality.watch.judge import judge_arrivals
from quality.watch.profile import update_profiles

DEMO = Path(__file__).parents[2] / "companies" / "demo"


class WatchedHome:
    """One home below `folder`; `datasets`: those that land, None for all of the demo company."""

    def __init__(self, folder: Path, days: int, datasets: Collection[str] | None = None):
        self.folder, self.days = folder, days
        self.sources, self.landing, self.quarantine = (folder / n for n in ("sources", "landing", "quarantine"))
        company = load_company(DEMO)
        kept = tuple(c for c in company.contracts if datasets is None or c.dataset in datasets)
        self.company = dataclasses.replace(company, contracts=kept)
        self.said: list[str] = []  # what landing reported

    @property
    def last_day(self):
        return FIRST_DAY + timedelta(days=self.days - 1)

    def simulate(self, people: int, seed: int) -> WatchedHome:
        simulate(self.sources, self.folder / "truth", people, seed, max(28, self.days))
        return self

    def copy(self, folder: Path) -> WatchedHome:
        """A home to spoil: files are linked, so whoever changes one writes it anew."""
        shutil.copytree(self.folder, folder, copy_function=_link)
        other = WatchedHome(folder, self.days, [c.dataset for c in self.company.contracts])
        other.company = self.company
        return other

    def land(self, dataset: str | None = None, but: int = 0) -> WatchedHome:
        """Land every day but the last `but` ones; a source that cannot be landed is told of in `said`."""
        manifest = Manifest(f"sqlite:///{self.folder / 'state.db'}")
        now = datetime.combine(self.last_day, datetime.min.time()) + timedelta(hours=23)
        for contract in self.company.contracts:
            if dataset in (None, contract.dataset):
                try:
                    result = land(
                        contract,
                        self.company,
                        landing=self.landing,
                        quarantine=self.quarantine,
                        manifest=manifest,
                        env={"C360_DATA": str(self.sources), **AT_ONCE},
                        first_day=FIRST_DAY,
                        last_day=self.last_day - timedelta(days=but),
                        now=now,
                    )
                    self.said += result.messages
                except LandingError as fault:
                    self.said.append(str(fault))
        return self

    @contextmanager
    def warehouse(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The control schema a build would write, with a profile of every part."""
        with duckdb.connect(str(self.folder / "watch.duckdb")) as connection:
            connection.execute("set timezone = 'UTC'; set threads = 2; create schema if not exists control")
            manifest = Manifest(f"sqlite:///{self.folder / 'state.db'}")
            connection.register("parts", manifest.arrow())
            connection.execute("create or replace table control.parts as from parts")
            write_quarantine_counts(connection, manifest, self.quarantine)
            update_profiles(connection, self.company, self.landing)
            yield connection

    def judge(self, days: int = 7) -> list[CheckResult]:
        as_of = datetime.combine(self.last_day + timedelta(days=1), datetime.min.time())
        with self.warehouse() as connection:
            return judge_arrivals(connection, self.company, as_of, days)


def _link(source: str, target: str) -> None:
    if source.endswith((".db", ".duckdb", ".sqlite")):
        shutil.copy2(source, target)  # written in place
    else:
        Path(target).hardlink_to(source)
