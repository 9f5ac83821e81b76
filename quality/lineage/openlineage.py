"""Lineage as OpenLineage events: one run event per relation, with the columns it is made of.

Put here: the shape of the events (openlineage.io, spec 2-0-2). Keep out: finding lineage, writing files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from quality.lineage.graph import LineageGraph
from quality.lineage.sql import ROWS, Column, QueryLineage

PRODUCER = "urn:customer360:lineage"
SPEC = "https://openlineage.io/spec"
EVENT = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACETS = {
    "schema": f"{SPEC}/facets/1-2-0/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet",
    "columnLineage": f"{SPEC}/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet",
}
# How a value comes about, in the specification's words: type, subtype.
WORDS = {
    "same": ("DIRECT", "IDENTITY"),
    "derived": ("DIRECT", "TRANSFORMATION"),
    "aggregated": ("DIRECT", "AGGREGATION"),
    "counted": ("DIRECT", "AGGREGATION"),
    "looked_up": ("INDIRECT", "JOIN"),
    "resolved": ("DIRECT", "TRANSFORMATION"),
    "filter": ("INDIRECT", "FILTER"),
}


def lineage_events(
    graph: LineageGraph, company: str, run_id: str, at: datetime, fields: Mapping[str, Mapping[str, str]]
) -> Iterator[dict[str, Any]]:
    """A START and a COMPLETE event for every relation that is made of others.

    Args:
        company: its id; namespace of jobs and datasets is `customer360.<company>`.
        run_id: the build's; each relation's run is named after it.
        at: UTC, naive: when the build looked.
        fields: `schema.table` -> column -> type, of relations whose types are known.
    """
    for name, made in graph.tables.items():
        inputs = sorted({c.table for columns in made.columns.values() for c in columns if c.name} - {name})
        if not inputs:
            continue
        event = {
            "eventTime": f"{at.isoformat()}Z",
            "producer": PRODUCER,
            "schemaURL": EVENT,
            "run": {"runId": str(uuid5(NAMESPACE_URL, f"{company}/{run_id}/{name}"))},
            "job": {"namespace": _namespace(company), "name": name},
        }
        read = [{"namespace": _namespace(company), "name": table} for table in inputs]
        yield {**event, "eventType": "START", "inputs": read, "outputs": []}
        written = {"namespace": _namespace(company), "name": name, "facets": _facets(company, made, fields.get(name))}
        yield {**event, "eventType": "COMPLETE", "inputs": read, "outputs": [written]}


def _facets(company: str, made: QueryLineage, types: Mapping[str, str] | None) -> dict[str, Any]:
    names = [name for name in made.columns if name != ROWS]
    schema = [{"name": n, **({"type": types[n]} if types and n in types else {})} for n in names]
    fields = {n: {"inputFields": _inputs(company, made.columns[n])} for n in names}
    whole = _inputs(company, dict.fromkeys(made.filters, "filter"))
    return {
        "schema": {**_facet("schema"), "fields": schema},
        "columnLineage": {**_facet("columnLineage"), "fields": fields, "dataset": whole},
    }


def _facet(name: str) -> dict[str, str]:
    return {"_producer": PRODUCER, "_schemaURL": FACETS[name]}


def _inputs(company: str, columns: Mapping[Column, str]) -> list[dict[str, Any]]:
    """Fields of other relations; an origin is none, and which rows there are is no field."""
    return [
        {
            "namespace": _namespace(company),
            "name": column.table,
            "field": column.name,
            "transformations": [{"type": WORDS[how][0], "subtype": WORDS[how][1], "masking": False}],
        }
        for column, how in sorted(columns.items())
        if column.name not in ("", ROWS)
    ]


def _namespace(company: str) -> str:
    return f"customer360.{company}"
