"""Where the demo company's published columns come from, as a whole run leaves it.

Put here: governance.lineage, Dagster's metadata and the events of a run. Keep out: reading SQL (tests/quality).
"""

from __future__ import annotations

import json
import shutil
from datetime import datetime

import dagster as dg
import duckdb
import pytest
from corner_shop_home import COMPANIES

from pipelines.defs.lineage import build_lineage_asset
from pipelines.keys import LINEAGE
from pipelines.lineage import record_lineage
from pipelines.settings import Settings
from quality.company import load_company
from quality.lineage.declared import load_declared
from quality.lineage.project import ProjectLineage
from quality.lineage.sql import LineageError
from quality.lineage.table import without_lineage

# Columns of facts and marts that no source field makes; every other one reaches one.
OURS = {
    "declared:journeys": "what a journey file says of a stage or version",
    "declared:touchpoints": "what touchpoints.yml says",
    "declared:contracts": "a constant of the contracts, or a term this company has no source for",
    "product:landing": "batch and arrival",
    "product:run": "the run",
    "product:label": "a word that names the row",
}
LABELS = {
    ("fct_journey_stages", "sentiment"),
    ("mart_journey_expectation_gap", "metric"),
    ("mart_journey_funnel", "kind"),
    ("mart_journey_hotspots", "kind"),
    ("mart_journey_hotspots", "measure"),
    ("mart_journey_rollup", "scope"),
}


def project_of(demo, compiled) -> ProjectLineage:
    manifest = json.loads((demo.home / "dbt" / "target" / "manifest.json").read_text(encoding="utf-8"))
    return ProjectLineage(load_company(COMPANIES / "demo"), manifest, compiled)


def test_every_published_column_has_lineage(demo):
    assert (
        demo.ask("""
        select c.schema_name, c.table_name, c.column_name
        from duckdb_columns() as c
        anti join p.governance.lineage as l
            on (l.table_schema, l.table_name, l.column_name) = (c.schema_name, c.table_name, c.column_name)
        where c.database_name = 'p' and c.schema_name in ('marts', 'governance')
    """)
        == []
    )


def test_a_line_ends_at_a_field_of_a_contract_or_at_a_named_origin_and_never_at_both(demo):
    fields = {(c.dataset, f.name) for c in load_company(COMPANIES / "demo").contracts for f in c.columns}
    found = set(demo.ask("select distinct dataset, field from p.governance.lineage where dataset is not null"))
    assert found <= fields
    assert demo.ask("select count(*) from p.governance.lineage where (dataset is null) = (origin is null)") == [(0,)]


def test_a_mart_column_is_told_by_dataset_field_and_term(demo):
    asked = "select dataset, field, term from p.governance.lineage where table_name = ? and column_name = ? and how = ?"
    rows = demo.con.execute(asked, ["fct_orders", "amount", "derived"]).fetchall()
    assert set(rows) == {("shop_orders", "amount", "order.amount"), ("pos_receipts", "total", "order.amount")}
    assert demo.con.execute(asked, ["dim_customers", "email_domain", "derived"]).fetchall()


def test_what_is_declared_of_a_relation_names_the_columns_it_has(demo):
    relations = load_declared().relations
    with duckdb.connect() as con:
        con.execute(f"attach '{demo.home}/warehouse.duckdb' as w (read_only)")
        con.execute(f"attach '{demo.home}/c360_marts.duckdb' as m (read_only)")
        found = con.execute(
            "select schema_name || '.' || table_name, list(column_name) from duckdb_columns() "
            "where database_name in ('w', 'm') group by 1"
        ).fetchall()
    has = {name: set(columns) for name, columns in found if name in relations}
    assert has == {name: set(said.columns) - {"*"} for name, said in relations.items()}


def test_what_would_break_if_a_source_field_changed_is_one_question(demo):
    broken = demo.count("""
        select table_name, count(*) from p.governance.lineage
        where dataset = 'web_events' and field = 'event_type' group by table_name
    """)
    assert {"fct_interactions", "fct_journey_stages", "mart_journey_funnel"} <= broken.keys()


def test_only_what_is_ours_ends_without_a_source_field(demo):
    rows = demo.ask("""
        select table_name, column_name, list(distinct origin order by origin) from p.governance.lineage
        where table_schema = 'marts' group by table_name, column_name having count(dataset) = 0
    """)
    assert {o for _, _, origins in rows for o in origins} <= OURS.keys()
    assert {(t, c) for t, c, origins in rows if origins == ["product:label"]} == LABELS


@pytest.fixture
def with_column(demo, tmp_path):
    """The compiled project with one more column in fct_orders."""

    def add(expression: str) -> ProjectLineage:
        compiled = tmp_path / "compiled"
        shutil.copytree(demo.home / "dbt" / "target" / "compiled", compiled, dirs_exist_ok=True)
        file = compiled / "c360" / "models" / "marts" / "fct_orders.sql"
        sql = file.read_text(encoding="utf-8")
        file.write_text(f"select *, {expression} as added from ({sql})", encoding="utf-8")
        return project_of(demo, compiled)

    return add


def test_a_column_made_from_a_literal_is_found_and_one_made_of_a_column_is_not(with_column):
    published = {"marts.fct_orders": ["amount", "added"]}
    assert without_lineage(with_column("'whatever'").graph(), published) == ["marts.fct_orders.added"]
    assert without_lineage(with_column("amount * 2").graph(), published) == []


def test_a_model_that_cannot_be_followed_is_named(with_column):
    with pytest.raises(LineageError, match=r"marts\.fct_orders: "):
        with_column("from from").graph()


@pytest.fixture
def settings(demo, tmp_path) -> Settings:
    """Of a home with what the demo's build left of lineage."""
    settings = Settings.from_env({}, company=COMPANIES / "demo", home=tmp_path / "home")
    shutil.copytree(demo.home / "dbt" / "target" / "compiled", settings.dbt / "target" / "compiled")
    shutil.copy(demo.home / "dbt" / "target" / "manifest.json", settings.dbt / "target")
    shutil.copy(demo.home / "c360_marts.duckdb", settings.marts)
    return settings


def test_lineage_is_recorded_again_where_a_published_column_or_a_file_is_another(settings):
    def record(files: str, day: int) -> set[str]:
        """The days whose events are left."""
        at, company = datetime(2026, 1, day), load_company(settings.company)
        recorded = record_lineage(settings, company, files, run_id="run", at=at)
        with duckdb.connect(str(settings.marts)) as con:
            assert con.execute("select count(*) from governance.lineage").fetchall() == [(recorded.rows,)]
        events = recorded.events.read_text(encoding="utf-8").splitlines()
        return {int(json.loads(event)["eventTime"][8:10]) for event in events}

    assert record("files", 1) == {1}
    assert record("files", 2) == {1}
    assert record("other files", 3) == {3}
    with duckdb.connect(str(settings.marts)) as con:
        con.execute("alter table marts.fct_orders drop column currency")
    assert record("other files", 4) == {4}


def test_a_published_column_without_lineage_holds_publishing_back(settings):
    with duckdb.connect(str(settings.marts)) as con:
        con.execute("alter table marts.fct_orders add column added_by_hand varchar")

    @dg.asset(deps=[LINEAGE])
    def publishing() -> None:
        raise AssertionError("published all the same")

    lineage = build_lineage_asset(settings, load_company(settings.company), [], "")
    ran = dg.materialize([lineage, publishing], raise_on_error=False)
    (check,) = ran.get_asset_check_evaluations()
    assert (check.check_name, check.passed) == ("every_published_column_has_lineage", False)
    assert check.metadata["observed"].value == "marts.fct_orders.added_by_hand"
    assert [e.step_key for e in ran.all_events if e.is_step_start] == ["governance__lineage"]


def test_dagster_shows_what_a_column_is_made_of(demo, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", str(demo.home / "dagster"))
    with dg.DagsterInstance.get() as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["marts", "fct_orders"]))
    told = event.asset_materialization.metadata["dagster/column_lineage"].value.deps_by_column
    assert dg.TableColumnDep(dg.AssetKey(["std", "std_orders"]), "amount") in told["amount"]
    assert dg.TableColumnDep(dg.AssetKey(["identity", "id_lookup"]), "customer_id") in told["customer_id"]


def test_the_events_of_the_run_tell_every_relation_once(demo):
    lines = (demo.home / "lineage" / "openlineage.ndjson").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    done = [e for e in events if e["eventType"] == "COMPLETE"]
    names = [output["name"] for e in done for output in e["outputs"]]
    assert len(names) == len(set(names)) == len(events) / 2
    assert {"base.base_web_events", "std.std_orders", "marts.fct_orders", "identity.customers"} <= set(names)
    (orders,) = (e["outputs"][0]["facets"] for e in done if e["outputs"][0]["name"] == "marts.fct_orders")
    assert "amount" in orders["columnLineage"]["fields"]
    assert all("type" in field for field in orders["schema"]["fields"])
