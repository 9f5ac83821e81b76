"""Lineage as OpenLineage events, held to what the specification requires of an event and its facets."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import jsonschema
import pytest

from quality.lineage.declared import origin
from quality.lineage.graph import LineageGraph
from quality.lineage.openlineage import lineage_events
from quality.lineage.sql import ROWS, Column, QueryLineage

TEXT, URI = {"type": "string", "minLength": 1}, {"type": "string", "pattern": "^(https|urn):"}
UUID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
FIELD = {"type": "object", "required": ["namespace", "name", "field"], "properties": {"field": TEXT}}
FACET = {"type": "object", "required": ["_producer", "_schemaURL", "fields"], "properties": {"_schemaURL": URI}}
DATASET = {"type": "object", "required": ["namespace", "name"], "properties": {"namespace": TEXT, "name": TEXT}}
RUN_EVENT = {
    "type": "object",
    "required": ["eventTime", "producer", "schemaURL", "run", "job", "eventType"],
    "properties": {
        "eventTime": {"type": "string", "format": "date-time"},
        "eventType": {"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
        "producer": URI,
        "schemaURL": URI,
        "run": {"required": ["runId"], "properties": {"runId": {"pattern": UUID}}},
        "job": DATASET,
        "inputs": {"type": "array", "items": DATASET},
        "outputs": {
            "type": "array",
            "items": {
                **DATASET,
                "properties": {
                    "facets": {
                        "properties": {
                            "schema": {**FACET, "properties": {"fields": {"items": {"required": ["name"]}}}},
                            "columnLineage": {
                                **FACET,
                                "properties": {
                                    "fields": {
                                        "additionalProperties": {
                                            "required": ["inputFields"],
                                            "properties": {"inputFields": {"type": "array", "items": FIELD}},
                                        }
                                    },
                                    "dataset": {"type": "array", "items": FIELD},
                                },
                            },
                        }
                    }
                },
            },
        },
    },
}  # fmt: skip
MADE = QueryLineage(
    {
        "amount": {Column("std.std_orders", "amount"): "same", origin("declared:contracts"): "same"},
        "name": {Column("std.std_persons", "name"): "looked_up"},
        ROWS: {Column("std.std_orders", ROWS): "same"},
    },
    frozenset({Column("std.std_orders", "status")}),
)


@pytest.fixture
def events() -> list[dict]:
    graph = LineageGraph({"marts.fct_orders": MADE}, {"declared:contracts": "a constant"})
    at, types = datetime(2024, 3, 5, 6, tzinfo=UTC).replace(tzinfo=None), {"marts.fct_orders": {"amount": "DOUBLE"}}
    return [json.loads(json.dumps(e)) for e in lineage_events(graph, "shop", "r1", at, types)]


def test_every_event_has_what_the_specification_requires(events):
    for event in events:
        jsonschema.validate(event, RUN_EVENT, format_checker=jsonschema.FormatChecker())


def test_a_relation_starts_and_completes_in_one_run(events):
    assert [e["eventType"] for e in events] == ["START", "COMPLETE"]
    assert events[0]["run"] == events[1]["run"]
    assert [i["name"] for i in events[1]["inputs"]] == ["std.std_orders", "std.std_persons"]


def test_a_field_names_the_fields_it_is_made_of_and_how(events):
    facets = events[1]["outputs"][0]["facets"]
    assert facets["schema"]["fields"] == [{"name": "amount", "type": "DOUBLE"}, {"name": "name"}]
    (source,) = facets["columnLineage"]["fields"]["amount"]["inputFields"]
    assert (source["name"], source["field"]) == ("std.std_orders", "amount")
    assert source["transformations"] == [{"type": "DIRECT", "subtype": "IDENTITY", "masking": False}]
    (looked_up,) = facets["columnLineage"]["fields"]["name"]["inputFields"]
    assert looked_up["transformations"][0]["subtype"] == "JOIN"


def test_a_filter_is_of_the_whole_dataset(events):
    (filtered,) = events[1]["outputs"][0]["facets"]["columnLineage"]["dataset"]
    assert (filtered["field"], filtered["transformations"][0]["subtype"]) == ("status", "FILTER")
