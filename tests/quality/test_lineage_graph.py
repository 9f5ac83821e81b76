"""From published columns to source fields: a shop with one dataset, and models written by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from render_support import Landed, column, contract

from quality.lineage.declared import load_declared
from quality.lineage.project import ProjectLineage
from quality.lineage.sql import Column, LineageError
from quality.lineage.table import lineage_rows, without_lineage

ORDERS = contract(
    "orders",
    column("order_no", "order.order_id", key=True, namespace="shop"),
    column("paid_at", "order.ordered_at", "interaction.occurred_at", type="timestamp"),
    column("total", "order.amount", "interaction.value", type="number"),
    loadMode="append",
)
MODELS = {
    "base.base_orders": "select order_no, paid_at, total / 100 as amount, _record_key, _arrived_on from landing.orders",
    "std.std_orders": "select 'orders' as dataset, _record_key as record_id, amount, paid_at as ordered_at, "
    "_arrived_on as arrived_on, null as tax from base.base_orders",
    "marts.fct_orders": "select * from std.std_orders where amount > 0",
    "marts.mart_days": "select cast(ordered_at as date) as day, count(*) as orders, sum(amount) as revenue, "
    "'a word' as label from marts.fct_orders group by 1",
}


@pytest.fixture
def lineage(tmp_path: Path):
    company = Landed(tmp_path, [ORDERS]).company
    project = ProjectLineage(company, {"nodes": {}, "sources": {}})
    for name, sql in MODELS.items():
        project.add(name, sql)
    return company, project.graph()


def published(graph) -> dict[str, list[str]]:
    marts = [name for name in MODELS if name.startswith("marts.")]
    return {name: [c for c in graph.tables[name].columns if c != "*"] for name in marts}


def rows_of(lineage, table: str, name: str) -> list[dict]:
    company, graph = lineage
    rows = lineage_rows(company, graph, published(graph)).to_pylist()
    return [r for r in rows if (r["table_name"], r["column_name"]) == (table, name)]


def test_a_mart_column_leads_to_its_source_field_by_its_standard_term(lineage):
    (found,) = rows_of(lineage, "mart_days", "revenue")
    assert (found["dataset"], found["field"], found["term"]) == ("orders", "total", "order.amount")
    assert (found["how"], found["hops"]) == ("aggregated", 4)
    assert found["path"] == (
        "marts.mart_days.revenue < marts.fct_orders.amount < std.std_orders.amount < base.base_orders.amount "
        "< landing.orders.total"
    )


def test_a_count_leads_to_the_key_of_the_rows_it_counts(lineage):
    (found,) = rows_of(lineage, "mart_days", "orders")
    assert (found["field"], found["how"]) == ("order_no", "counted")


def test_a_column_ends_at_a_named_origin_where_no_source_says_it(lineage):
    (arrived,) = rows_of(lineage, "fct_orders", "arrived_on")
    assert (arrived["origin"], arrived["dataset"], arrived["term"]) == ("product:landing", None, None)
    assert rows_of(lineage, "fct_orders", "dataset")[0]["origin"] == "declared:contracts"


def test_a_standard_column_no_contract_supplies_ends_at_the_contracts(lineage):
    assert rows_of(lineage, "fct_orders", "tax")[0]["origin"] == "declared:contracts"


def test_a_published_column_made_from_a_literal_is_named(lineage):
    _, graph = lineage
    assert without_lineage(graph, published(graph)) == ["marts.mart_days.label"]


def test_a_published_column_nobody_made_is_named(lineage):
    _, graph = lineage
    assert without_lineage(graph, {"marts.fct_orders": ["amount", "added_by_hand"], "marts.stray": ["x"]}) == [
        "marts.fct_orders.added_by_hand",
        "marts.stray.x",
    ]


def test_a_relation_nobody_describes_is_refused_by_name(lineage):
    _, graph = lineage
    with pytest.raises(LineageError, match=r"nowhere: column 'x' not known; .*lineage.yml"):
        graph.has_end(Column("nowhere", "x"))


def test_a_declaration_that_names_no_source_is_refused(tmp_path: Path):
    file = tmp_path / "lineage.yml"
    said = {"origins": {"product:run": "x"}, "groups": {}, "labels": {}}
    file.write_text(yaml.safe_dump({**said, "relations": {"control.run": {"columns": {"as_of": "nobody"}}}}))
    with pytest.raises(LineageError, match=r"control.run.as_of: 'nobody' is no origin.*product:run"):
        load_declared(file)
    file.write_text(yaml.safe_dump({**said, "relations": {"control.run": {"how": "magic", "columns": {}}}}))
    with pytest.raises(LineageError, match=r"how is 'magic'; use one of same"):
        load_declared(file)
