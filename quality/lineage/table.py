"""`governance.lineage` as rows: one per published column and source field, or named origin, it is made of.

Put here: its rows, in the columns of quality/contracts/lineage.odcs.yaml.
Keep out: following (graph.py), writing it (pipelines/publish).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import pyarrow as pa

from quality.company import Company
from quality.definitions import load_definitions
from quality.lineage.declared import LANDING
from quality.lineage.graph import LineageGraph, Route
from quality.lineage.sql import Column
from quality.render_std import STANDARD_TABLES

ARROW = pa.schema(
    [(name, pa.string()) for name in
     ("table_schema", "table_name", "column_name", "dataset", "field", "origin", "term", "how")]
    + [("hops", pa.int32()), ("path", pa.string())]
)  # fmt: skip
STANDARD = {f"std.{table.name}": table for table in STANDARD_TABLES}


def lineage_rows(company: Company, graph: LineageGraph, published: Mapping[str, Sequence[str]]) -> pa.Table:
    """The rows of `governance.lineage`.

    Args:
        published: `schema.table` -> columns, of every table readers get.
    """
    terms = {(c.dataset, column.name): column.terms for c in company.contracts for column in c.columns}
    known = load_definitions().terms.keys()
    rows = [_row(column, route, terms, known) for column in _known(graph, published) for route in graph.routes(column)]
    return pa.Table.from_pylist(rows, schema=ARROW)


def without_lineage(graph: LineageGraph, published: Mapping[str, Sequence[str]]) -> list[str]:
    """`schema.table.column` of every published column that reaches no source field and no named origin."""
    return [
        f"{column.table}.{column.name}"
        for column in _columns(published)
        if not _is_known(graph, column) or not graph.has_end(column)
    ]


def _columns(published: Mapping[str, Sequence[str]]) -> Iterator[Column]:
    return (Column(table, name) for table, names in sorted(published.items()) for name in names)


def _known(graph: LineageGraph, published: Mapping[str, Sequence[str]]) -> Iterable[Column]:
    return (column for column in _columns(published) if _is_known(graph, column))


def _is_known(graph: LineageGraph, column: Column) -> bool:
    table = graph.tables.get(column.table)
    return table is not None and column.name in table.columns


def _row(
    column: Column, route: Route, terms: Mapping[tuple[str, str], Sequence[str]], known: Collection[str]
) -> dict[str, str | int | None]:
    schema, name = column.table.split(".", 1)
    is_field = route.end.table.startswith(f"{LANDING}.")
    dataset = route.end.table.removeprefix(f"{LANDING}.") if is_field else None
    return {
        "table_schema": schema,
        "table_name": name,
        "column_name": column.name,
        "dataset": dataset,
        "field": route.end.name if is_field else None,
        "origin": None if is_field else route.end.table,
        "term": _term(route, terms.get((dataset, route.end.name), ()), known) if is_field else None,
        "how": route.how,
        "hops": route.hops,
        "path": " < ".join(f"{c.table}.{c.name}" if c.name else c.table for c in route.columns),
    }


def _term(route: Route, declared: Sequence[str], known: Collection[str]) -> str | None:
    """The term the field passes a standard table by. One field may have several: of those the one that column is filled
    from, else those of its entity, else all. A field without a term is in a derived column, whose term it is."""
    passed = next((c for c in reversed(route.columns) if c.table in STANDARD), None)
    filled = STANDARD[passed.table].term_of(passed.name) if passed else ""
    if not declared:
        return filled if filled in known else None
    of_entity = [t for t in declared if t.split(".")[0] == filled.split(".")[0]]
    return filled if filled in declared else ", ".join(of_entity or declared)
