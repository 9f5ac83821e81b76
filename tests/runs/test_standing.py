"""A model stands while all it is made of is as it was, is still there, and no build was killed while it made it.

Put here: which models a build need not make again. Keep out: what a build makes of it (tests/integration).
"""

from __future__ import annotations

import duckdb
import pytest

from pipelines.standing import TABLE, find_bases, forget, note_made, take_standing


def model(place: str, kind: str, *parents: str) -> dict:
    node = {"resource_type": "model", "config": {"materialized": kind}, "depends_on": {"nodes": list(parents)}}
    return node | {"relation_name": place and f'"memory".{place}'}


MANIFEST = {
    "nodes": {
        "web_versions": model('"base"."web_versions"', "table", "landing.web", "landing_control.parts"),
        "web": model('"base"."web"', "view", "landing.web", "web_versions"),
        "shop": model('"base"."shop"', "view", "landing.shop"),
        "persons_shop": model("", "ephemeral", "shop"),
        "persons": model('"std"."persons"', "parts_table", "persons_shop"),
        "events": model('"std"."events"', "parts_table", "web", "shop"),
        "said": model('"int"."said"', "table", "control.journeys"),
        "as_of": model('"int"."as_of"', "table", "events", "control.run"),
    },
    "sources": {
        "landing.web": {"source_name": "landing", "name": "web"},
        "landing.shop": {"source_name": "landing", "name": "shop"},
        "landing_control.parts": {"source_name": "landing_control", "name": "parts"},
        "control.journeys": {"source_name": "control", "name": "journeys"},
        "control.run": {"source_name": "control", "name": "run"},
    },
}
ALL = {"web_versions", "web", "shop", "persons", "events", "said"}


class Warehouse:
    """A warehouse with these models and one part of each dataset."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        for schema in ("control", "base", "std", "int"):
            self.con.execute(f"create schema {schema}")
        self.con.execute("create table control.parts (dataset text, part_seq int, arrived_seq int, state text)")
        for node in MANIFEST["nodes"].values():
            if node["relation_name"]:
                self.con.execute(f"create table {node['relation_name']} (n int)")
        self.land("web", 1)
        self.land("shop", 2)

    def land(self, dataset: str, number: int) -> None:
        self.con.execute("insert into control.parts values (?, ?, ?, 'current')", [dataset, number, number])

    def withdraw(self, number: int) -> None:
        self.con.execute("update control.parts set state = 'withdrawn' where part_seq = ?", [number])

    def begin(self, files: str = "a") -> set[str]:
        """What stands as a build begins."""
        self.bases = find_bases(self.con, MANIFEST, files, ALL | {"as_of"})
        self.standing = take_standing(self.con, MANIFEST, self.bases, ALL | {"as_of"})
        return set(self.standing)

    def build(self, files: str = "a") -> set[str]:
        standing = self.begin(files)
        note_made(self.con, {key: basis for key, basis in self.bases.items() if key not in standing})
        return standing


@pytest.fixture
def built():
    warehouse = Warehouse()
    assert warehouse.build() == set()
    return warehouse


def test_where_nothing_came_all_stands_but_what_is_made_of_more_than_parts_and_files(built):
    assert built.build() == ALL


def test_a_part_brings_down_the_tables_of_its_dataset_and_nothing_that_files_say(built):
    built.land("shop", 3)
    assert built.build() == {"web_versions", "web", "shop", "said"}
    assert built.build() == ALL


def test_with_other_files_nothing_stands(built):
    assert built.build("b") == set()
    assert built.build("b") == ALL


def test_what_somebody_dropped_does_not_stand_nor_does_what_reads_it(built):
    built.con.execute("drop table base.web")
    assert built.begin() == {"web_versions", "shop", "persons", "said"}


def test_what_a_killed_build_may_have_made_does_not_stand_though_its_parts_are_as_before(built):
    built.land("web", 3)
    built.begin()  # and no more
    built.withdraw(3)
    assert built.build() == {"shop", "persons", "said"}


def test_each_stands_after_what_it_reads(built):
    built.build()
    assert built.standing.index("web_versions") < built.standing.index("web") < built.standing.index("events")


def test_what_somebody_makes_by_hand_after_a_landing_does_not_stand_once_that_is_withdrawn(built):
    built.land("web", 3)
    forget(built.con, ["web_versions"])
    note_made(built.con, find_bases(built.con, MANIFEST, "a", {"web_versions"}))
    built.withdraw(3)
    assert built.build() == {"shop", "persons", "said"}


def test_what_is_kept_of_them_may_be_removed_at_any_time(built):
    built.con.execute(f"drop table {TABLE}")
    assert built.build() == set()
