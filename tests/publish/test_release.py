"""What a publishing keeps of its declarations, and that it keeps them only with what it publishes."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.publish.publish import PublishError, prepare_marts, publish

PARTS = ("warehouse.duckdb", "c360_marts.duckdb", "published", "private", "released")


def _declare(home: Path, *declarations: tuple[str, str, str]) -> None:
    with duckdb.connect(str(home / "warehouse.duckdb")) as connection:
        connection.execute("create schema if not exists control")
        connection.execute("create or replace table control.declarations (folder text, name text, text text)")
        connection.executemany("insert into control.declarations values (?, ?, ?)", declarations)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    prepare_marts(tmp_path / "c360_marts.duckdb")
    with duckdb.connect(str(tmp_path / "c360_marts.duckdb")) as connection:
        connection.execute("create table marts.fct_a as select 1 as a")
    _declare(tmp_path, ("contracts", "web.odcs.yaml", "kind: a"), ("journeys", "buy@1.yml", "journey: buy"))
    return tmp_path


def _publish(home: Path) -> None:
    publish(*(home / part for part in PARTS))


def _released(home: Path) -> dict[str, str]:
    return {str(f.relative_to(home / "released")): f.read_text() for f in (home / "released").rglob("*") if f.is_file()}


def test_publishing_keeps_the_contracts_and_journeys_it_was_built_from(home):
    _publish(home)

    assert _released(home) == {"contracts/web.odcs.yaml": "kind: a", "journeys/buy@1.yml": "journey: buy"}


def test_a_later_publishing_keeps_older_journeys_and_drops_contracts_that_are_gone(home):
    _publish(home)
    _declare(home, ("contracts", "crm.odcs.yaml", "kind: b"), ("journeys", "buy@2.yml", "journey: buy, again"))
    _publish(home)

    assert _released(home) == {
        "contracts/crm.odcs.yaml": "kind: b",
        "journeys/buy@1.yml": "journey: buy",
        "journeys/buy@2.yml": "journey: buy, again",
    }


def test_what_is_not_published_is_not_released(home):
    with duckdb.connect(str(home / "c360_marts.duckdb")) as connection:
        connection.execute("create view marts.v as select 1 as a")

    with pytest.raises(PublishError):
        _publish(home)

    assert not (home / "released").exists()


def test_a_failure_while_drafting_leaves_the_last_copies(home):
    _publish(home)
    _declare(home, ("contracts", "web.odcs.yaml", "kind: c"))
    (home / "quarantine" / "web" / "a").mkdir(parents=True)
    (home / "quarantine" / "web" / "a" / "b.parquet").write_text("no parquet")

    with pytest.raises(duckdb.Error):
        _publish(home)

    assert _released(home) == {"contracts/web.odcs.yaml": "kind: a", "journeys/buy@1.yml": "journey: buy"}
