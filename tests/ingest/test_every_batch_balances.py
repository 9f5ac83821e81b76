"""Received = landed + quarantined, for every batch of both companies, counted again from the files.

Put here: companies as they land, of the demo company three days. Keep out: single cases (test_landing.py), all its days
(tests/integration/test_demo.py), what dbt makes of them.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from support.batches import find_unbalanced

from pipelines.ingest.land import land
from pipelines.ingest.manifest import Manifest
from pipelines.ingest.quarantine import Choice, count_open, drop
from pipelines.settings import Settings
from pipelines.simulator.simulate import simulate
from quality.company import load_company

COMPANIES = Path(__file__).parents[2] / "companies"


@pytest.fixture(scope="module", params=["demo", "adventureworks"])
def landed(request, tmp_path_factory) -> Settings:
    """The home of a company after landing, and nothing else."""
    home = tmp_path_factory.mktemp(request.param)
    environ = {}
    if request.param == "adventureworks":
        environ = {"C360_DATA": str(request.getfixturevalue("real_data"))}
    settings = Settings.from_env(
        {**os.environ, "C360_DATA": "", **environ}, company=COMPANIES / request.param, home=home
    )
    if request.param == "demo":
        simulate(settings.data, settings.truth, people=200, seed=7)
    company, manifest = load_company(settings.company), Manifest(settings.state_url)
    last = company.first_day + timedelta(days=2) if request.param == "demo" else date(2100, 1, 1)
    for contract in company.contracts:
        land(
            contract, company, landing=settings.landing, quarantine=settings.quarantine, manifest=manifest,
            env=settings.environ, first_day=company.first_day, last_day=last, now=datetime.now(UTC),
        )  # fmt: skip
    return settings


def test_every_batch_received_is_landed_or_quarantined(landed):
    manifest = Manifest(landed.state_url)
    parts = manifest.parts()
    assert len({p.dataset for p in parts}) > 5
    assert sum(p.quarantined for p in parts) > 0
    assert find_unbalanced(manifest, landed.landing, landed.quarantine) == []


def test_a_row_that_is_lost_on_the_way_would_be_seen(landed, tmp_path):
    manifest = Manifest(landed.state_url)
    part = next(p for p in manifest.parts() if p.quarantined)
    file = Path(part.dataset, f"arrived={part.arrived_on}", f"{part.content_hash}.parquet")
    hidden = (landed.quarantine / file).rename(tmp_path / "hidden")
    (unbalanced,) = find_unbalanced(manifest, landed.landing, landed.quarantine)
    hidden.rename(landed.quarantine / file)
    assert unbalanced[:2] == (part.dataset, part.source_uri)


def test_what_is_dropped_stays_in_the_books(landed):
    manifest = Manifest(landed.state_url)
    dataset = next(p.dataset for p in manifest.parts() if p.quarantined)
    assert count_open(manifest, landed.quarantine, dataset)["open_rows"] > 0
    drop(manifest, landed.quarantine, Choice(dataset), actor="ann", reason="known")
    assert count_open(manifest, landed.quarantine, dataset)["open_rows"] == 0
    assert find_unbalanced(manifest, landed.landing, landed.quarantine) == []
