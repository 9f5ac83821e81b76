"""What a build writes down of its declarations, and that it stops where one goes against what is published."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from pipelines.control import write_control
from pipelines.ingest.manifest import Manifest
from pipelines.journeys.model import JourneyError
from pipelines.publish.contract_changes import write_contract_changes
from quality.company import load_company
from quality.contract import ContractError
from quality.definitions import FILE
from quality.promises.output_contract import FOLDER

DEMO = Path(__file__).resolve().parents[2] / "companies" / "demo"


def _build(connection: duckdb.DuckDBPyConnection, company: Path, home: Path) -> None:
    manifest = Manifest(f"sqlite:///{home / 'state.db'}")
    write_control(connection, load_company(company), manifest, run_id="r", as_of=None, released=home / "released")


def test_a_build_writes_down_the_files_it_was_made_from(tmp_path):
    with duckdb.connect() as connection:
        _build(connection, DEMO, tmp_path)

        told = connection.execute("select folder || '/' || name, text from control.declarations").fetchall()

    contracts = {f"contracts/{f.name}": f.read_text() for f in (DEMO / "contracts").glob("*.odcs.yaml")}
    journeys = {f"journeys/{f.stem}@1.yml": f.read_text() for f in (DEMO / "journeys").glob("*.yml")}
    tables = {f"tables/{f.name}": f.read_text() for f in FOLDER.glob("*.odcs.yaml")}
    assert dict(told) == contracts | journeys | tables | {"tables/definitions.yml": FILE.read_text()}


def test_a_build_stops_at_a_promise_that_breaks_what_is_published(tmp_path):
    tables = tmp_path / "released" / "tables"
    shutil.copytree(FOLDER, tables)
    shutil.copy(FILE, tables)
    file = tables / "fct_orders.odcs.yaml"
    file.write_text(file.read_text().replace("- name: amount\n", "- name: total\n"))
    with duckdb.connect() as connection:
        with pytest.raises(ContractError, match=r"fct_orders.total: renamed to amount; it breaks .*version 2.0.0"):
            _build(connection, DEMO, tmp_path)
        assert connection.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]


def test_a_build_stops_at_a_changed_version_and_leaves_the_control_tables(tmp_path):
    # Regression: a run started from the Dagster UI, which no lint precedes, would publish the change.
    company = tmp_path / "demo"
    shutil.copytree(DEMO, company)
    file = company / "journeys" / "renew.yml"
    (tmp_path / "released" / "journeys").mkdir(parents=True)
    shutil.copyfile(file, tmp_path / "released" / "journeys" / "renew@1.yml")
    with duckdb.connect() as connection:
        _build(connection, company, tmp_path)
        file.write_text(file.read_text().replace("name: Renew the contract", "name: Renew"))

        with pytest.raises(JourneyError, match=r"renew@1 is published and says otherwise in name; .*set version: 2"):
            _build(connection, company, tmp_path)

        assert connection.execute("select name from control.journeys where journey_id = 'renew'").fetchall() == [
            ("Renew the contract",)
        ]


def test_what_a_published_table_promises_otherwise_is_logged_once_a_run(tmp_path):
    marts, tables = tmp_path / "marts.duckdb", tmp_path / "released" / "tables"
    published, at = tmp_path / "published.duckdb", datetime(2026, 3, 1)
    arguments = (marts, published, tmp_path / "released")
    assert write_contract_changes(*arguments, run_id="r1", at=at) == 0
    shutil.copy(marts, published)
    shutil.copytree(FOLDER, tables)
    shutil.copy(FILE, tables)
    file = tables / "fct_orders.odcs.yaml"
    file.write_text(file.read_text().replace("value: 26, unit: h", "value: 30, unit: h"))
    # Regression: what a run logged that was killed before it published was there twice.
    for run in ("r2", "r3", "r3"):
        assert write_contract_changes(*arguments, run_id=run, at=at) == 1
    with duckdb.connect(str(marts)) as connection:
        told = connection.execute("select run_id, table_name, kind, level, said from governance.contract_changes")
        assert told.fetchall() == [
            ("r3", "fct_orders", "freshness_improved", "additive", "freshness was 30 h, and now 26 h")
        ]
    shutil.copy(marts, published)
    assert write_contract_changes(*arguments, run_id="r4", at=at) == 1  # released/ still says otherwise
    with duckdb.connect(str(marts)) as connection:
        assert connection.execute("select run_id from governance.contract_changes").fetchall() == [("r3",), ("r4",)]
