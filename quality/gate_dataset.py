"""Our own rules about a dataset as a whole: header, server, load, constants, service levels, batch rules.

Put here: rules of contract-conventions sections 1, 2, 4, 5 and 6 that are about no single column.
Keep out: the server (gate_server.py), columns (gate_columns.py), SQL (gate_sql.py), the standard's own rules
(gate_standard.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quality.contract import OPERATORS
from quality.definitions import Definitions
from quality.gate_problem import NAME, Findings, as_list, as_map, as_maps, custom_of, suggest
from quality.gate_server import check_server
from quality.gate_sql import check_batch_rule, check_row_rule
from quality.gate_watch import check_watch

CUSTOM = {
    "server": {"readOptions"},
    "schema": {"loadMode", "cursor", "priority", "constants"},
    "column": {"namespace", "valueMapping", "constants"},
}
UNIT_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800, "mo": 2629746, "y": 31556952}
UNIT_NAMES = {
    **{u: u for u in UNIT_SECONDS},
    **{"second": "s", "minute": "min", "hour": "h", "hr": "h", "day": "d", "week": "w", "month": "mo"},
    **{"year": "y", "yr": "y"},
}
SLA = {"errorRate", "frequency", "freshness", "retention"}
METRICS = {"column": {"invalidValues", "nullValues", "missingValues"}, "schema": {"rowCount", "duplicateValues"}}
ARGUMENTS = {"invalidValues": {"validValues", "pattern"}, "missingValues": {"missingValues"}}


@dataclass(frozen=True)
class Surroundings:
    """What a contract may refer to."""

    definitions: Definitions
    touchpoints: Mapping[str, frozenset[str]]  # id -> attributes

    @property
    def attributes(self) -> frozenset[str]:
        return frozenset().union(*self.touchpoints.values())


def unit_seconds(unit: str) -> int | None:
    """Seconds in an SLA unit (`h`, `hours`, `d` …); None if there is no such unit."""
    name = str(unit).lower()
    known = UNIT_NAMES.get(name) or UNIT_NAMES.get(name.removesuffix("s"))
    return UNIT_SECONDS.get(known)


def check_dataset(document: Mapping[str, Any], stem: str, around: Surroundings) -> Findings:
    """Every fault of the dataset; `stem` is the file name before `.odcs.yaml`."""
    schemas, servers = as_maps(document.get("schema")), as_maps(document.get("servers"))
    if len(schemas) != 1:
        yield "schema", f"holds {len(schemas)} objects; one file is one dataset: keep one"
    if len(servers) != 1:
        yield "servers", f"holds {len(servers)} servers; rows come from one place: keep one"
    yield from _header(document, stem)
    for element in (document, *as_maps(document.get("slaProperties"))):
        yield from check_custom(element, set(), "")
    for server in servers[:1]:
        at = f"servers.{server.get('server', '[0]')}"
        yield from check_custom(server, CUSTOM["server"], at)
        yield from check_server(server, _cursor(schemas), at)
    for schema in schemas[:1]:
        path = f"schema.{schema.get('name', '[0]')}"
        if schema.get("name") != stem or document.get("id") != stem:
            yield f"{path}.name", f"file, id and schema name must agree; file says {stem!r}, id {document.get('id')!r}"
        if not re.fullmatch(NAME, str(schema.get("name"))):
            yield f"{path}.name", f"is {schema.get('name')!r}; write lower case letters, digits and _, a letter first"
        yield from _load(document, schema, servers, path)
        yield from _constants(as_map(custom_of(schema).get("constants")), f"{path}.constants", around)
        columns = {str(c.get("name")) for c in as_maps(schema.get("properties"))}
        yield from check_rules(schema, path, "schema", columns)
        yield from _service_levels(document, str(schema.get("name")), columns)


def _header(document: Mapping[str, Any], stem: str) -> Findings:
    for key in ("name", "status", "domain"):
        if not document.get(key):
            yield key, "is missing; every dataset says it"
    if document.get("apiVersion") not in (None, "v3.2.0"):
        yield "apiVersion", f"is {document['apiVersion']!r}; write v3.2.0"
    if not as_map(document.get("description")).get("purpose"):
        yield "description.purpose", "is missing; say in one sentence what the dataset is for"
    team = as_map(document.get("team"))
    if not team.get("name"):
        yield "team.name", "is missing; name the team that answers for the dataset"
    if not any(m.get("role") == "owner" for m in as_maps(team.get("members"))):
        yield "team.members", "names no owner; add {username: …, role: owner}"


def check_custom(element: Mapping[str, Any], allowed: set[str], path: str) -> Findings:
    """Custom properties are a closed list, each at its own place, each once."""
    seen = set()
    for custom in as_maps(element.get("customProperties")):
        name = str(custom.get("property"))
        at = f"{path}.customProperties.{name}" if path else f"customProperties.{name}"
        if name not in allowed:
            home = next((place for place, names in CUSTOM.items() if name in names), None)
            yield at, f"is unknown here{suggest(name, allowed)}" + (f"; {name} belongs on the {home}" if home else "")
        if name in seen:
            yield at, "is given twice; keep one"
        seen.add(name)


def _cursor(schemas: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The column by which rows are asked for, where it is one of the contract's."""
    columns = [c for schema in schemas[:1] for c in as_maps(schema.get("properties"))]
    name = custom_of(schemas[0]).get("cursor") if schemas else None
    return next((c for c in columns if name is not None and c.get("name") == name), None)


def _load(document: Mapping[str, Any], schema: Mapping[str, Any], servers: list[dict], path: str) -> Findings:
    yield from check_custom(schema, CUSTOM["schema"], path)
    custom, columns = custom_of(schema), as_maps(schema.get("properties"))
    mode = str(custom.get("loadMode", "append"))
    if mode not in ("append", "snapshot"):
        yield f"{path}.loadMode", f"is {mode!r}{suggest(mode, ('append', 'snapshot'))}"
    if not columns:
        yield f"{path}.properties", "is empty; list the columns"
    elif mode == "append" and not any(c.get("primaryKey") is True for c in columns):
        said = as_map(document.get("description")).get("limitations"), schema.get("description")
        if not any("key" in str(text).lower() for text in said):
            yield (
                f"{path}.loadMode",
                "append has no primary key; mark one, or say in description.limitations why no key",
            )
    landed = {str(c.get("name")): c for c in columns if "transformLogic" not in c or "physicalName" in c}
    if (cursor := custom.get("cursor")) is not None and str(cursor) not in landed:
        yield f"{path}.cursor", f"is {cursor!r}, which is no landed column{suggest(cursor, landed)}"
    priority = custom.get("priority", 50)
    if not isinstance(priority, int) or isinstance(priority, bool):
        yield f"{path}.priority", f"is {priority!r}; write a whole number, lower comes first"
    constants = custom.get("constants")
    if constants is not None and not isinstance(constants, dict):
        yield f"{path}.constants", "is no mapping; write {term: value}"


def _constants(constants: Mapping[str, Any], path: str, around: Surroundings) -> Findings:
    terms = around.definitions.terms
    for name, value in constants.items():
        term, at = terms.get(name), f"{path}.{name}"
        if term is None or not term.linkable:
            near = around.definitions.nearest(str(name))
            yield at, "is no standard term; see quality/definitions.yml" + (f"; nearest {near!r}" if near else "")
        elif term.entity == "identifier" or name in ("interaction.occurred_at", "person.email", "person.phone"):
            yield at, "cannot be the same for every row; link a column to it"
        elif value is not None:
            yield from check_literal(value, name, at, around)


check_constants = _constants


def check_literal(value: Any, name: str, path: str, around: Surroundings) -> Findings:
    """A constant, or the target of a value mapping, must be a value its term can have."""
    term = around.definitions.terms[name]
    if isinstance(value, (dict, list)):
        yield path, f"is a {type(value).__name__}; write one plain value"
    elif name == "interaction.touchpoint" and value not in around.touchpoints:
        yield path, f"is {value!r}, which touchpoints.yml does not list{suggest(value, around.touchpoints)}"
    elif term.values and str(value) not in term.values:
        yield path, f"is {value!r}{suggest(value, term.values)}"
    elif term.type == "boolean" and str(value).lower() not in ("true", "false"):
        yield path, f"is {value!r}; write true or false"
    elif name.endswith(".currency") and not re.fullmatch("[A-Z]{3}", str(value)):
        yield path, f"is {value!r}; write three capital letters, such as EUR"
    elif term.type in ("integer", "decimal", "double") and not re.fullmatch(r"-?\d+(\.\d+)?", str(value)):
        yield path, f"is {value!r}; write a number"


def check_rules(element: Mapping[str, Any], path: str, place: str, columns: set[str]) -> Findings:
    """`quality` entries of a column or a schema: id, metric, operator, severity, SQL."""
    seen: set[str] = set()
    for index, rule in enumerate(as_maps(element.get("quality"))):
        rule_id, kind, metric = str(rule.get("id") or ""), rule.get("type", "library"), str(rule.get("metric"))
        at = f"{path}.quality.{rule_id}" if rule_id else f"{path}.quality[{index}]"
        if not re.fullmatch(r"[A-Za-z0-9_-]+", rule_id):
            yield f"{at}.id", "is missing or holds other characters; letters, digits, _ and - name a rule"
        elif rule_id in seen:
            yield f"{at}.id", "is used by another rule here; every rule has its own"
        seen.add(rule_id)
        operators = [o for o in OPERATORS if o in rule]
        if len(operators) != 1:
            yield (
                at,
                f"has {len(operators)} operators ({', '.join(operators) or 'none'}); keep exactly one, as mustBe: 0",
            )
        if str(rule.get("severity")) not in ("info", "warning", "error"):
            yield f"{at}.severity", f"is {rule.get('severity')!r}{suggest('', ('info', 'warning', 'error'))}"
        if kind == "sql":
            check = check_row_rule if place == "column" else check_batch_rule
            for fault in check(str(rule.get("query", "")), columns):
                yield f"{at}.query", fault
        elif kind == "custom" and place == "schema":
            yield from check_watch(rule, operators, at)
        elif kind != "library" or metric not in METRICS[place]:
            yield f"{at}.metric", f"is {rule.get('metric', kind)!r}{suggest(metric, METRICS[place])}; or type: sql"
        else:
            yield from _arguments(rule, metric, at, columns)


def _arguments(rule: Mapping[str, Any], metric: str, path: str, columns: set[str]) -> Findings:
    arguments, allowed = as_map(rule.get("arguments")), ARGUMENTS.get(metric)
    if metric == "duplicateValues":
        for name in map(str, as_list(arguments.get("properties"))):
            if name not in columns:
                yield f"{path}.arguments.properties", f"names {name!r}, which is no column{suggest(name, columns)}"
    elif allowed:
        for key in set(arguments) - allowed:
            yield f"{path}.arguments.{key}", f"is unknown{suggest(key, allowed)}"
        for key in {"validValues", "missingValues"} & allowed & set(arguments):
            if not isinstance(arguments[key], list):
                yield f"{path}.arguments.{key}", f"is a {type(arguments[key]).__name__}; write a list, as ['0', '-']"
        if not allowed & set(arguments):
            yield f"{path}.arguments", f"is missing; {metric} needs {' or '.join(sorted(allowed))}"


def _service_levels(document: Mapping[str, Any], dataset: str, columns: set[str]) -> Findings:
    for sla in as_maps(document.get("slaProperties")):
        name, value = str(sla.get("property")), sla.get("value")
        path = f"slaProperties.{name}"
        if name not in SLA:
            yield path, f"is read by nothing{suggest(name, SLA)}"
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            yield f"{path}.value", f"is {value!r}; write a number of at least 0"
        if name == "errorRate":
            if sla.get("unit", "percent") not in ("percent", "%"):
                yield f"{path}.unit", f"is {sla['unit']!r}; write percent"
            continue
        if unit_seconds(sla.get("unit", "d")) is None:
            yield f"{path}.unit", f"is {sla['unit']!r}{suggest(sla['unit'], UNIT_SECONDS)}"
        if element := sla.get("element"):
            table, _, column = str(element).rpartition(".")
            if table not in ("", dataset) or column not in columns:
                yield f"{path}.element", f"is {element!r}; write {dataset}.<column>{suggest(column, columns)}"
