"""When a version of a journey may be replayed, and what is noted of it when it was.

Put here: a home as builds and replays leave it. Keep out: rewriting (tests/journeys), commands (tests/integration).
"""

from __future__ import annotations

import dagster as dg
import duckdb
import pytest

from pipelines import audit
from pipelines.basis import Basis, note_basis
from pipelines.journeys.replayed import FACTS, Replayed
from pipelines.keys import BUILD
from pipelines.replay import find_fault, note_replay
from pipelines.settings import Settings
from pipelines.state import open_state
from pipelines.warehouse import open_warehouse

START, SUCCESS, FAILURE = (
    dg.DagsterEventType.PIPELINE_START,
    dg.DagsterEventType.PIPELINE_SUCCESS,
    dg.DagsterEventType.PIPELINE_FAILURE,
)


class Home:
    """A home with one journey, two rows of each fact published, and one of them made anew since."""

    def __init__(self, folder, instance: dg.DagsterInstance):
        self.settings, self.instance = Settings.from_env({}, home=folder), instance
        with open_warehouse(self.settings) as warehouse:
            warehouse.execute("create schema control; create schema int")
            warehouse.execute("create table control.journeys as select 'buy@1' as journey_key")
            warehouse.execute("create table int.int_journey_build__planned as select null::varchar as replays")
            _write_facts(warehouse, "m.marts", [1, 3])
        self.settings.published.parent.mkdir()
        with duckdb.connect(str(self.settings.published)) as published:
            published.execute("create schema marts")
            _write_facts(published, "marts", [1, 2])

    def build(self, event=SUCCESS, **facts) -> None:
        run = dg.DagsterRun(**{"job_name": BUILD, **facts})
        self.instance.add_run(run)
        for kind in (START, event):
            self.instance.report_dagster_event(dg.DagsterEvent(kind.value, run.job_name), run.run_id)
        note_basis(self.settings.home, Basis(run.run_id, "files", "state"))

    def plan(self, sql: str) -> None:
        with open_warehouse(self.settings) as warehouse:
            warehouse.execute(f"create or replace table int.int_journey_build__planned as {sql}")

    def fault(self, version: str = "buy@1") -> str | None:
        return find_fault(self.instance, self.settings, version)


def _write_facts(connection: duckdb.DuckDBPyConnection, schema: str, visits: list[int]) -> None:
    for table in FACTS:
        connection.execute(f"create table {schema}.{table} as select 'buy@1' as journey_key, unnest({visits}) as visit")


@pytest.fixture
def home(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        yield Home(tmp_path, instance)


def test_a_version_may_be_replayed_after_a_build_that_came_to_its_end(home):
    home.build()
    assert home.fault() is None


@pytest.mark.parametrize(
    "facts", [{"event": FAILURE}, {"asset_selection": frozenset({dg.AssetKey(["control", "run"])})}]
)
def test_it_may_not_after_a_build_that_failed_or_was_of_some_assets(home, facts):
    assert "the last build did not come to its end; run `c360 run`" in home.fault()
    home.build(**facts)
    assert "the last build did not come to its end; run `c360 run`" in home.fault()


def test_a_version_that_was_not_built_is_refused_with_those_that_were(home):
    home.build()
    assert home.fault("buy@2") == "JOURNEY@VERSION: no journey 'buy@2'; allowed: buy@1"


def test_a_replay_that_was_killed_may_be_repeated_but_not_forgotten_for_another_one(home):
    home.build()
    home.plan("select 'buy@1' as replays")
    assert home.fault() is None
    home.plan("select 'go@1' as replays")
    assert "the replay of go@1 did not come to its end" in home.fault()
    home.plan("select true as is_whole")  # as an earlier release built it
    assert home.fault() is None


def test_a_replay_leaves_one_entry_with_its_counts_and_owes_nothing(home):
    home.plan("select 'buy@1' as replays")
    assert note_replay(home.settings, "buy@1", "ann", "a doubt") == [Replayed(table, 2, 2, 1) for table in FACTS]
    with open_state(home.settings.state_url, audit.METADATA).connect() as state:
        [entry] = audit.read_entries(state)
    assert (entry["actor"], entry["action"], entry["object"]) == ("ann", "replay journey", "buy@1")
    assert entry["reason"] == "a doubt (rows of facts: 10 before, 10 after, 5 changed)"
    with open_warehouse(home.settings) as warehouse:
        assert warehouse.execute("select replays from int.int_journey_build__planned").fetchall() == [(None,)]
