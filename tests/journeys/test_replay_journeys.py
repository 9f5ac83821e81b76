"""One version of a journey is replayed: its rows come anew from stored interactions, all others stay as they are.

What was wrong before is planted in the built tables: a replay mends it in its version, and does not see it elsewhere.
"""

from __future__ import annotations

import json
from datetime import timedelta

import duckdb
import numpy as np
import pytest
from random_journeys import START, draw_interactions, draw_journey
from test_incremental_journeys import _draw_surveys, _without_accounts
from warehouse import JourneyWarehouse

from pipelines.journeys.replayed import FACTS, Replayed, count_replayed

AS_OF = START + timedelta(days=30)
LAST = "int_journey_entities__built"
ALL_BUT_THE_LAST = ("--select", f"int_journey_build__planned+,+{LAST}", "--exclude", LAST)
TABLES = (*(f"m.marts.{name}" for name in FACTS), "int.int_journey_steps__ordered")


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> JourneyWarehouse:
    """Three journeys of forty customers, built whole, in several ranges of customers."""
    rng, folder = np.random.default_rng(11), tmp_path_factory.mktemp("replay")
    drawn = [draw_journey(rng, number, folder) for number in (0, 2, 4)]
    warehouse = JourneyWarehouse(folder / "root", interactions_per_range=200)
    warehouse.load(drawn, _without_accounts(draw_interactions(rng, 40)), AS_OF, _draw_surveys(rng, 40))
    assert warehouse.build(LAST, command="run") == []
    return warehouse


def test_a_replayed_version_is_what_a_full_refresh_makes_of_it_and_no_other_row_is_rewritten(built):
    version, other = (
        key for (key,) in built.read(f"select journey_key from {TABLES[0]} group by 1 order by 1 limit 2")
    )
    refreshed = {table: _rows(built, table, version) for table in TABLES}
    answers = built.read("select instance_id, visit_seq, csat, effort from m.marts.fct_journey_stages order by all")
    spans, kept = (built.read(f"from int.{name} order by all") for name in ("int_journey_spans__walked", LAST))
    assert all(refreshed.values())
    assert len(_rows(built, TABLES[1], other)) > 10

    # The version lost rows and has wrong ones. A mark on all rows of the others shows that they are not rewritten.
    for table in TABLES:
        built.read(f"delete from {table} where journey_key = '{version}' and hash(instance_id) % 2 = 0")
        built.read(f"update {table} set instance_id = md5('wrong')::uuid where journey_key = '{version}'")
    built.read("delete from int.int_journey_spans__walked where hash(instance_id) % 2 = 0 and journey_no = "
               f"(select journey_no from control.journeys where journey_key = '{version}')")  # fmt: skip
    for table in ("fct_journeys", "fct_journey_stages"):
        built.read(f"update m.marts.{table} set cost = -1")
    built.read(f"update m.marts.fct_journey_stages set csat = 5 where journey_key = '{other}'")  # not theirs
    assert _replay(built, version) == []

    assert built.read("select replays, is_whole from int.int_journey_build__planned") == [(version, True)]
    assert {table: _rows(built, table, version) for table in TABLES} == refreshed
    for table in ("fct_journeys", "fct_journey_stages"):
        assert built.read(f"from m.marts.{table} where journey_key <> '{version}' and cost is distinct from -1") == []
    # One answer belongs to one visit over all journeys, so answers of others follow where a replay moves them.
    assert answers == built.read(
        "select instance_id, visit_seq, csat, effort from m.marts.fct_journey_stages order by all"
    )
    assert spans == built.read("from int.int_journey_spans__walked order by all")
    assert kept == built.read(f"from int.{LAST} order by all")  # what a build still owes, it owes after a replay, too


def test_what_a_replay_changed_is_counted(tmp_path):
    with duckdb.connect() as connection:
        for name, rows in {
            "published": [("buy@1", 1), ("buy@1", 2), ("go@1", 1)],
            "m": [("buy@1", 2), ("buy@1", 3)],
        }.items():
            connection.execute(f"attach '{tmp_path / name}' as {name}; create schema {name}.marts")
            for table in FACTS:
                connection.execute(f"create table {name}.marts.{table} (journey_key varchar, visit integer)")
                connection.executemany(f"insert into {name}.marts.{table} values (?, ?)", rows)
        assert count_replayed(connection, "buy@1") == [Replayed(table, 2, 2, 1) for table in FACTS]


def test_the_build_after_a_replay_that_did_not_come_to_its_end_rewrites_all(built):
    built.read("update int.int_journey_build__planned set replays = 'draw0@1'")
    for is_whole in (True, False):
        assert built.build("int_journey_build__planned", command="run") == []
        assert built.read("select replays, is_whole from int.int_journey_build__planned") == [(None, is_whole)]


def _rows(warehouse: JourneyWarehouse, table: str, version: str) -> list[tuple]:
    return warehouse.read(f"from {table} where journey_key = '{version}' order by all")


def _replay(warehouse: JourneyWarehouse, version: str) -> list[str]:
    results = warehouse.invoke("run", "--vars", json.dumps({"replays": version}), *ALL_BUT_THE_LAST)
    return [f"{r.node.name}: {r.message}" for r in results if r.status != "success"]
