"""What is promised of published tables: every column explained, and contract, dbt YAML and table in step."""

import re
from pathlib import Path

import duckdb
import pytest
import yaml

from quality.contract import ContractError
from quality.promises.create_table import ensure_table
from quality.promises.gate_output import output_faults
from quality.promises.output_contract import FOLDER, load_output_contracts, read_output_contract, read_output_contracts
from quality.promises.render_marts import drift, render_marts, sync
from quality.promises.table_drift import table_drift

REPOSITORY = Path(__file__).parents[2]
CONTRACTS = load_output_contracts()


def changed(tmp_path: Path, table: str, pattern: str, replacement: str) -> dict:
    """All contracts, one of them with a text changed at its first place."""
    text, times = re.subn(pattern, replacement, (FOLDER / f"{table}.odcs.yaml").read_text(), count=1, flags=re.S)
    assert times == 1
    file = tmp_path / f"{table}.odcs.yaml"
    file.write_text(text)
    contract = read_output_contract(file)
    return {**CONTRACTS, contract.table: contract}


def test_every_published_column_has_a_term_an_owner_and_a_classification():
    assert output_faults(CONTRACTS) == []
    assert all(c.term and c.classification for contract in CONTRACTS.values() for c in contract.columns)
    assert all(contract.owner and contract.team for contract in CONTRACTS.values())


def test_the_dbt_yaml_is_what_the_contracts_render():
    assert drift(CONTRACTS, REPOSITORY / "dbt_project") == []


@pytest.mark.parametrize(
    ("pattern", "replacement", "said"),
    [
        (r"definitions/order\.status", "definitions/order.state", "column status: unknown term 'order.state'"),
        (r"definitions/order\.amount", "definitions/order.status", "column amount: is decimal(18,2), its term"),
        (r"definitions/order\.status", "definitions/person.email", "column status: publishes person.email, which is"),
        (r"classification: confidential", "classification: public", "column customer_id: classified public, its term"),
        (
            r"dim_customers\.customer_id",
            "dim_customers.id",
            "column customer_id: references dim_customers.id, which no",
        ),
        (r"role: owner", "role: reader", "nobody is its owner; team.members needs one with role owner"),
        (r"Description: One row per order$", "Description: Orders", "begin it with 'One row per'"),
        (r"- \{property: freshness[^\n]*\n", "", "slaProperties lacks freshness"),
        (r"status: active", "status: deprecated", "deprecated without a last day; add slaProperties endOfLife"),
        (r"version: 1\.0\.0", "version: 1", "version '1'; write major.minor.patch, such as 1.0.0"),
        (r"    required: true\n    primaryKey", "    primaryKey", "is part of the key and may be null"),
        (r"\n    authoritativeDefinitions: [^\n]*", "", "has no term; link it to one of quality/definitions.yml"),
    ],
)
def test_a_contract_with_a_fault_is_refused_with_its_place(tmp_path, pattern, replacement, said):
    pattern = pattern.replace("$", "(?=\n  quality)")
    assert [fault for fault in output_faults(changed(tmp_path, "fct_orders", pattern, replacement)) if said in fault]


def test_a_file_that_is_no_contract_says_so(tmp_path):
    file = tmp_path / "fct_x.odcs.yaml"
    file.write_text("schema: []")
    with pytest.raises(ContractError, match=r"fct_x.odcs.yaml: not a readable output contract"):
        read_output_contract(file)


def test_drift_is_told_both_ways_column_by_column_and_sync_ends_it(tmp_path):
    package = tmp_path / "dbt_project"
    for folder in ("models/marts", "models/journeys/marts", "models/governance"):
        (package / folder).mkdir(parents=True)
    sync(CONTRACTS, package)
    file = package / "models/marts/fct_orders.yml"
    document = yaml.safe_load(file.read_text())
    model = document["models"][0]
    model["columns"][0]["data_type"] = "integer"
    model["columns"][1]["name"] = "source"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    (package / "models/marts/fct_secrets.sql").write_text("select 1 as one")
    found = "\n".join(drift(CONTRACTS, package))
    place = "models/marts/fct_orders.yml: models[fct_orders].columns"
    assert f"{place}[order_key].data_type is 'integer', the contract says 'varchar'" in found
    assert f"{place}[source].name is 'source', the contract says None" in found
    assert f"{place}[dataset].name is None, the contract says 'dataset'" in found
    assert "models/marts/fct_secrets.sql: a published model without a contract; write one" in found
    assert sync(CONTRACTS, package) == ["models/marts/fct_orders.yml"]
    assert sync(CONTRACTS, package) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("alter table {t} drop column tax", "column tax is not in the table"),
        ("alter table {t} add column extra int", "column extra is not in the contract"),
        ("alter table {t} rename column tax to vat", "column vat is not in the contract"),
        ("alter table {t} alter tax type double", "column tax is double, the contract says decimal(18,2)"),
        ("alter table {t} alter dataset drop not null", "column dataset may be null, the contract says otherwise"),
        ("comment on column {t}.tax is 'else'", "column tax is described otherwise than in the contract"),
        ("drop table {t}", "the table is not there; build it, or retire its contract"),
    ],
)
def test_a_table_is_held_to_its_contract(change, said):
    with duckdb.connect() as connection:
        ensure_table(connection, CONTRACTS["fct_orders"])
        connection.execute("create table marts.mart_of_nobody as select 1 as one")
        database = connection.execute("select current_database()").fetchall()[0][0]
        before = table_drift(connection, CONTRACTS, database)
        assert before["marts/fct_orders"] == []
        assert before["marts/mart_of_nobody"] == [
            "a published table without a contract; write one in quality/contracts"
        ]
        connection.execute(change.format(t="marts.fct_orders"))
        assert said in table_drift(connection, CONTRACTS, database)["marts/fct_orders"]


def test_an_older_version_is_served_beside_the_new_one_until_its_last_day(tmp_path):
    text = (FOLDER / "fct_orders.odcs.yaml").read_text()
    old = text.replace("status: active", "status: deprecated").replace(
        "physicalName: fct_orders", "physicalName: fct_orders_v1"
    )
    old = old.replace("slaProperties:\n", "slaProperties:\n- {property: endOfLife, value: '2027-03-01'}\n")
    (tmp_path / "fct_orders_v1.odcs.yaml").write_text(old)
    (tmp_path / "fct_orders.odcs.yaml").write_text(text.replace("version: 1.0.0", "version: 2.0.0"))
    contracts = {**CONTRACTS, **read_output_contracts(tmp_path)}
    assert output_faults(contracts) == []
    (model,) = yaml.safe_load(render_marts(contracts)["models/marts/fct_orders.yml"])["models"]
    assert model["latest_version"] == 2
    assert [(v["v"], v["config"]["alias"], v.get("deprecation_date")) for v in model["versions"]] == [
        (1, "fct_orders_v1", "2027-03-01"),
        (2, "fct_orders", None),
    ]


def test_a_table_the_pipeline_writes_takes_up_a_new_column_and_keeps_its_rows(tmp_path):
    contract = CONTRACTS["restatements"]
    with duckdb.connect() as connection:
        connection.execute("create schema governance")
        connection.execute(
            "create table governance.restatements (run_id varchar not null, happened_at timestamp not null, "
            "table_name varchar not null, old_id uuid not null, moved_rows bigint not null)"
        )
        connection.execute(
            "insert into governance.restatements values ('r', now(), 't', '00000000-0000-0000-0000-000000000001', 3)"
        )
        ensure_table(connection, contract)
        assert connection.execute("select moved_rows, new_id from governance.restatements").fetchall() == [(3, None)]
