"""The demo company from one seed: sources as companies would deliver them, and the truth beside them.

Put here: the order of the steps and what is reported. Keep out: the steps.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import numpy as np

from pipelines.simulator.event_feeds import write_event_feeds
from pipelines.simulator.events import make_events
from pipelines.simulator.interactions import draw_interactions
from pipelines.simulator.journeys import draw_journeys
from pipelines.simulator.people import make_people
from pipelines.simulator.person_feeds import write_person_feeds
from pipelines.simulator.plan import INTERACTIONS_PER_PERSON
from pipelines.simulator.records import make_records
from pipelines.simulator.truth import write_truth

FIRST_DAY = date(2026, 1, 5)  # winter time until day 83: the tills write a fixed offset
MOST_DAYS = 80


@dataclass(frozen=True)
class SimulationReport:
    """What was written. `planted`: every planted count; `datasets`: rows and broken rows per dataset."""

    people: int
    interactions: int
    planted: dict[str, int]
    datasets: dict[str, dict[str, int]]
    files: int
    bytes: int
    seconds: float


def simulate(
    out: Path,
    truth: Path,
    people: int = 5000,
    seed: int = 7,
    days: int = 42,
    interactions: int = INTERACTIONS_PER_PERSON,
) -> SimulationReport:
    """Write the demo company's sources and the truth about them; the same arguments give the same bytes.

    Args:
        out: the folder contracts call `${C360_DATA}`; emptied first.
        truth: folder of persons, records, events, journeys (Parquet) and counts.json; emptied first.
        people: true people, at least 100; everything else is in proportion.
        seed: of every random draw.
        days: length of the simulated time from 5 January 2026, 28 to 80.
        interactions: per person, 5 to 100; also those of journeys, so that all proportions hold.
    Raises:
        ValueError: `people`, `days` or `interactions` out of range.
    """
    if people < 100 or not 28 <= days <= MOST_DAYS:
        raise ValueError(
            f"simulate: people={people}, days={days}; allowed: people from 100, days from 28 to {MOST_DAYS}"
        )
    if not 5 <= interactions <= 100:
        raise ValueError(f"simulate: interactions={interactions} per person; allowed: 5 to 100")
    started = time.perf_counter()
    for folder in (out, truth):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    with (
        tempfile.TemporaryDirectory(prefix="simulate-") as scratch,
        duckdb.connect(f"{scratch}/work.duckdb", config={"autoinstall_known_extensions": "false"}) as con,
    ):
        con.execute("set threads = 2; set memory_limit = '2GB'; set timezone = 'UTC'")
        planted = make_people(con, rng, people)
        planted |= make_records(con, rng, people)
        known = _people_arrays(con)
        steps, instances = draw_journeys(rng, known, interactions, days)
        events, counts = draw_interactions(rng, known, steps, interactions * people, days, planted["role_mailboxes"])
        planted |= counts
        make_events(con, rng, events, FIRST_DAY.isoformat())
        datasets = write_event_feeds(con, out, people)
        datasets |= write_person_feeds(con, out, FIRST_DAY, days, people)
        write_truth(con, truth, instances, planted, datasets, {"seed": seed, "days": days, "first_day": FIRST_DAY})
    written = [f for f in out.rglob("*") if f.is_file()]
    return SimulationReport(
        people=people,
        interactions=planted["interactions"],
        planted=planted,
        datasets=datasets,
        files=len(written),
        bytes=sum(f.stat().st_size for f in written),
        seconds=round(time.perf_counter() - started, 2),
    )


def _people_arrays(con: duckdb.DuckDBPyConnection) -> dict[str, np.ndarray]:
    return con.sql("""
        select is_clean, in_crm, in_shop, is_business, coalesce(size_band = 'enterprise', false) as is_enterprise,
            mess <> '' as has_mess
        from people order by person
    """).fetchnumpy()
