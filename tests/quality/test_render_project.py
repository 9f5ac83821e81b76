"""The rendered project as a whole: what is written, documented, and accepted by the engine."""

import shutil
from pathlib import Path

import pytest
import yaml
from dbt.adapters.duckdb import environments
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from render_support import REPOSITORY, Landed, column, contract

PERSON = (
    column("id", "identifier.customer_id", key=True, namespace="crm"),
    column("city", "person.city", description="Where the parcel goes."),
    column("note", classification="confidential"),
)
COMPANIES = sorted(f.parent for f in (REPOSITORY / "companies").glob("*/company.yml"))


def read_yaml(file: Path):
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def test_render_writes_only_what_changed_and_removes_what_is_gone(tmp_path):
    landed = Landed(tmp_path, [contract("crm", *PERSON), contract("shop", *PERSON)])
    package = tmp_path / "package"
    package.mkdir()
    first = landed.render(package)
    assert landed.home / "dbt" / "profiles.yml" in first
    assert (landed.home / "dbt" / "dbt_packages" / "c360").resolve() == package
    assert landed.render(package) == []
    (landed.root / "company" / "contracts" / "shop.odcs.yaml").unlink()
    changed = {f.name for f in landed.render(package)}
    assert {"base_shop.sql", "std_persons__shop.sql", "std_persons.sql", "sources.yml"} <= changed
    assert not any("crm" in name for name in changed)
    assert not list((landed.home / "dbt").rglob("*shop*.sql"))


def test_a_change_takes_dbt_s_manifest_away_so_that_a_run_killed_before_parsing_does_not_go_by_the_old_one(tmp_path):
    # Regression: the next run found everything written, and built by the manifest of before.
    landed = Landed(tmp_path, [contract("crm", *PERSON), contract("shop", *PERSON)])
    landed.render(tmp_path)
    manifest = landed.home / "dbt" / "target" / "manifest.json"
    manifest.parent.mkdir()
    manifest.write_text("{}")
    assert landed.render(tmp_path) == []
    assert manifest.exists()
    (landed.root / "company" / "contracts" / "shop.odcs.yaml").unlink()
    assert landed.render(tmp_path)
    assert not manifest.exists()


def test_models_say_what_columns_mean_and_who_owns_them(tmp_path):
    landed = Landed(tmp_path, [contract("crm", *PERSON)])
    landed.render(tmp_path)
    models = landed.home / "dbt" / "models"
    base = read_yaml(models / "base" / "base.yml")["models"][0]
    assert base["config"]["meta"] == {"owner": "shop-owner", "team": "shop-team", "contract_version": "1.0.0"}
    assert base["config"]["group"] == "sales"
    city, note = base["columns"][1:]
    assert city["description"].startswith("Where the parcel goes. ") and city["config"]["meta"]["terms"] == [
        "person.city"
    ]
    assert note["config"]["meta"] == {"classification": "confidential"}
    persons = read_yaml(models / "std" / "std.yml")["models"][0]
    assert persons["description"] == "One row per current person record."
    columns = {c["name"]: c for c in persons["columns"]}
    assert all(c["description"] for c in columns.values())
    assert columns["email"]["config"]["meta"] == {"term": "person.email", "classification": "restricted"}


def test_profile_opens_the_warehouse_with_the_marts_beside_it_in_utc(tmp_path):
    landed = Landed(tmp_path, [contract("crm", *PERSON)])
    landed.render(tmp_path)
    output = read_yaml(landed.home / "dbt" / "profiles.yml")["company_tiny"]["outputs"]["home"]
    assert output["path"] == str(landed.home / "warehouse.duckdb")
    assert (output["attach"][0]["alias"], output["settings"]["TimeZone"]) == ("m", "UTC")
    assert output["config_options"]["autoinstall_known_extensions"] is False


def test_a_warehouse_that_has_spilled_still_lends_cursors_to_dbt(tmp_path):
    landed = Landed(tmp_path, [contract("crm", *PERSON)])
    landed.render(tmp_path)
    output = read_yaml(landed.home / "dbt" / "profiles.yml")["company_tiny"]["outputs"]["home"]
    output["config_options"] |= {"threads": 1, "memory_limit": "48MB"}
    (landed.home / "tmp").mkdir()
    environment = environments.create(DuckDBCredentials.from_dict(output | {"plugins": [], "database": "warehouse"}))
    sort = "create table sorted as select md5(i::varchar) as id from range(2000000) as numbers(i) order by id"
    environment.handle().cursor().execute(sort)
    assert list((landed.home / "tmp").glob("duckdb_temp*"))
    environment.handle().cursor().execute("select 1")
    environment.close()


@pytest.mark.parametrize("folder", COMPANIES, ids=lambda f: f.name)
def test_every_company_renders_into_sql_the_engine_accepts(tmp_path, folder):
    if not list((folder / "contracts").glob("*.odcs.yaml")):
        pytest.skip(f"{folder.name} has no contracts yet")
    landed = Landed(tmp_path, [])
    shutil.rmtree(tmp_path / "company")
    shutil.copytree(folder, tmp_path / "company")
    landed.prepare()
    con = landed.build()
    names = [
        r[0]
        for r in con.execute(
            "select view_name from duckdb_views() where view_name like 'std\\_%' escape '\\'"
        ).fetchall()
    ]
    assert len(names) >= 8
    assert [con.execute(f"select count(*) from {n}").fetchone()[0] for n in names] == [0] * len(names)
