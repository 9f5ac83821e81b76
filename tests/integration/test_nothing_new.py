"""Whether anything is new: what makes another build needless, and what does not.

Put here: one cause after the other, without a build. Keep out: whole runs (tests/integration/test_failures.py).
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from identity import decisions
from pipelines import audit
from pipelines.basis import Basis, hash_files, hash_state, note_basis
from pipelines.ingest.manifest import Manifest
from pipelines.keys import CONTROL, REFRESH, REPLAY, SMALL
from pipelines.pages_due import EVERY, are_pages_due
from pipelines.settings import Settings
from pipelines.state import open_state, write_state
from pipelines.unchanged import find_same_build, observe_unchanged

SHOP = Path(__file__).parent / "corner_shop"
START, SUCCESS, FAILURE = (
    dg.DagsterEventType.PIPELINE_START,
    dg.DagsterEventType.PIPELINE_SUCCESS,
    dg.DagsterEventType.PIPELINE_FAILURE,
)


class Home:
    """A home as a build leaves it, one part landed."""

    def __init__(self, folder: Path, instance: dg.DagsterInstance):
        self.instance = instance
        shutil.copytree(SHOP, folder / "shop")
        self.settings = Settings.from_env({}, company=folder / "shop", home=folder / "home")
        for file in ("warehouse.duckdb", "c360_marts.duckdb", "published/customer360.duckdb", "private/steward.duckdb",
                     "site/index.html"):  # fmt: skip
            (self.settings.home / file).parent.mkdir(parents=True, exist_ok=True)
            (self.settings.home / file).touch()
        self.land("customers_2026-01-05.csv")
        self.built()

    def built(self, *, event=SUCCESS, **facts) -> str:
        run = dg.DagsterRun(**{"job_name": "build", **facts})
        self.instance.add_run(run)
        for kind in (START, event):
            self.instance.report_dagster_event(dg.DagsterEvent(kind.value, run.job_name), run.run_id)
        note_basis(self.settings.home, Basis(run.run_id, hash_files(self.settings.company), hash_state(self.settings)))
        return run.run_id

    @property
    def same(self) -> str | None:
        return find_same_build(self.instance, self.settings)

    @property
    def manifest(self) -> Manifest:
        return Manifest(self.settings.state_url)

    def land(self, source: str) -> None:
        counts = dict.fromkeys(("received", "landed"), 1) | dict.fromkeys(("quarantined", "cells"), 0)
        self.manifest.add(
            dataset="customers", source_uri=source, content_hash="a", source_hash="a", state="current",
            arrived_on=date(2026, 1, 5), landed_at=datetime.now(UTC).replace(tzinfo=None), **counts,
        )  # fmt: skip

    def withdraw(self) -> None:
        self.manifest.withdraw("customers", "customers_2026-01-05.csv", reason="sent twice", actor="ann")

    def fail_to_land(self) -> None:
        self.manifest.note_landing("orders", date(2026, 1, 5), date(2026, 1, 5), failed=True)

    def decide(self) -> None:
        with write_state(open_state(self.settings.state_url, decisions.METADATA)) as state:
            decisions.decide(state, "customers:C1", "customers:C2", "same", decided_by="ann", reason="one person")

    def train(self) -> None:
        with write_state(open_state(self.settings.state_url, audit.METADATA)) as state:
            audit.record(state, actor="ann", action="train model", object="m", reason="better")

    def judge_later(self) -> None:
        self.settings = replace(self.settings, as_of="2026-02-01")

    def change_the_key(self) -> None:
        (self.settings.private / "key").write_text("0" * 64)

    def change_a_journey(self) -> None:
        with (self.settings.company / "journeys" / "buy.yml").open("a") as file:
            file.write("# as agreed\n")

    def publish_without_pages(self) -> None:
        site = (self.settings.site / "index.html").stat()
        os.utime(self.settings.published, (site.st_atime, site.st_mtime + 60))

    def lose_what_is_published(self) -> None:
        self.settings.published.unlink()


@pytest.fixture
def home(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        yield Home(tmp_path, instance)


def test_nothing_new_since_a_build_that_came_to_its_end(home):
    run_id = home.built()
    assert home.same == run_id


def test_nothing_new_since_a_run_of_the_inbox_that_left_fresh_pages(home):
    run_id = home.built(job_name=REFRESH, asset_selection=frozenset({CONTROL}), tags={SMALL: "true"})
    assert home.same == run_id


@pytest.mark.parametrize(
    "cause",
    [
        lambda home: home.land("customers_2026-01-06.csv"),
        Home.withdraw,
        Home.fail_to_land,
        Home.decide,
        Home.train,
        Home.judge_later,
        Home.change_the_key,
        Home.change_a_journey,
        Home.lose_what_is_published,
        Home.publish_without_pages,
        lambda home: home.built(event=FAILURE),
        lambda home: home.built(job_name="__ASSET_JOB"),
        lambda home: home.built(asset_selection=frozenset({CONTROL})),
        lambda home: home.built(job_name=REFRESH, asset_selection=frozenset({CONTROL})),
    ],
    ids=[
        "a part landed", "a part was withdrawn", "a source could not be landed", "a steward decided",
        "the model was trained", "journeys are judged at another instant", "the masking key is another",
        "a file of the company changed", "the published file is gone", "the site is older than what is published",
        "the last build failed",
        "somebody materialized assets by hand", "the last build was of one asset alone",
        "somebody chose what a landing with its build was of",
    ],
)  # fmt: skip
def test_a_build_is_due_when(home, cause):
    cause(home)
    assert home.same is None


@pytest.mark.parametrize(("event", "is_due"), [(SUCCESS, False), (FAILURE, True)])
def test_a_build_is_due_where_a_replay_since_the_last_one_failed(home, event, is_due):
    run_id = home.built()
    replay = dg.DagsterRun(job_name=REPLAY)
    home.instance.add_run(replay)
    for kind in (START, event):
        home.instance.report_dagster_event(dg.DagsterEvent(kind.value, REPLAY), replay.run_id)
    assert home.same == (None if is_due else run_id)
    run_id = home.built()
    assert home.same == run_id


def test_what_was_due_is_done_once_it_is_built(home):
    home.decide()
    assert home.same is None
    assert home.built() == home.same


def test_every_asset_of_the_build_is_told_that_nothing_changed():
    @dg.asset(key=["marts", "fct_orders"])
    def orders() -> None:
        pass

    with dg.DagsterInstance.ephemeral() as instance:
        run_id = dg.materialize([orders], instance=instance).run_id
        assert observe_unchanged(instance, run_id) == 1
        [seen] = instance.fetch_observations(orders.key, limit=5).records
        assert seen.asset_observation.metadata["unchanged_since"].value == run_id


@pytest.mark.parametrize(
    ("tags", "age", "due"), [({}, 0, True), ({SMALL: "true"}, 0, False), ({SMALL: "true"}, EVERY, True)]
)
def test_a_run_of_what_the_inbox_brought_leaves_pages_that_are_young(home, tags, age, due):
    site = home.settings.site / "index.html"
    written = site.stat().st_mtime - age - 1
    os.utime(site, (written, written))
    assert are_pages_due(home.settings, tags) == due
