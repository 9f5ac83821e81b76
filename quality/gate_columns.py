"""Our own rules about the columns of a dataset: names, types, meaning, privacy, slots.

Put here: rules of contract-conventions sections 3, 4, 5 and 9 about a column or about columns together.
Keep out: the dataset as a whole (gate_dataset.py), what SQL may contain (gate_sql.py).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from quality.definitions import ALLOWED, Term
from quality.gate_dataset import (
    CUSTOM,
    Surroundings,
    check_constants,
    check_custom,
    check_literal,
    check_rules,
)
from quality.gate_problem import NAME, Findings, as_list, as_map, as_maps, custom_of, suggest
from quality.gate_sql import check_scalar

LOGICAL_TYPES = ("string", "integer", "number", "boolean", "date", "timestamp", "object", "array")
DATE_PARTS = re.compile(
    r"'(?:[^']|'')*'|yyyy|uuuu|yy|MMMM|MMM|MM|M|dd|d|HH|H|hh|h|mm|m|ss|s|S{1,9}|a|XXX|XX|X|Z|[^A-Za-z']"
)
JSON_PATH = re.compile(r'\$(\.([A-Za-z_]\w*|"[^"]+")|\[\d+\])+|[^$.\[\]]+')
NAMESPACE = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
LEVELS = ALLOWED["classification"]
PREFIX = "definitions/"


def check_columns(document: Mapping[str, Any], around: Surroundings) -> Findings:
    """Every fault of the columns of the first schema object."""
    schema = next(iter(as_maps(document.get("schema"))), {})
    server = next(iter(as_maps(document.get("servers"))), {})
    columns, root = as_maps(schema.get("properties")), f"schema.{schema.get('name', '[0]')}"
    landed = {str(c.get("name")) for c in columns if not _is_derived(c)}
    meaningful = _feeding_a_term(columns)
    for index, column in enumerate(columns):
        path = f"{root}.properties.{column.get('name') or f'[{index}]'}"
        yield from check_custom(column, CUSTOM["column"], path)
        yield from _identity(column, server, path)
        yield from _type(column, path)
        yield from _sql(column, landed, path)
        yield from check_rules(column, path, "column", landed)
        yield from _terms(column, meaningful, path, around)
        yield from _namespace(column, path, around)
        yield from _mapping(column, path, around)
    yield from _together(columns, root, around)
    yield from _slots(schema, columns, root)


def terms_of(column: Mapping[str, Any]) -> list[str]:
    """The terms a column links to, as written."""
    links = as_maps(column.get("authoritativeDefinitions"))
    return [str(link.get("url")).removeprefix(PREFIX) for link in links if link.get("type") == "term"]


def _is_derived(column: Mapping[str, Any]) -> bool:
    return "transformLogic" in column and "physicalName" not in column


def _feeding_a_term(columns: list[dict[str, Any]]) -> set[str]:
    """Columns that a derived column with a term reads, a misspelt name included: they share its protection."""
    logic = " ".join(str(c["transformLogic"]) for c in columns if _is_derived(c) and terms_of(c))
    words, names = set(re.findall(r"\w+", logic)), [str(c.get("name")) for c in columns]
    return words | {near for w in words - set(names) for near in get_close_matches(w, names, n=1, cutoff=0.6)}


def _identity(column: Mapping[str, Any], server: Mapping[str, Any], path: str) -> Findings:
    if not re.fullmatch(NAME, str(column.get("name"))):
        yield f"{path}.name", f"is {column.get('name')!r}; write lower case letters, digits and _, a letter first"
    if column.get("properties") or column.get("items"):
        yield path, "has columns inside; land it as JSON text, or name the inner fields by physicalName: $.a.b"
    source = str(column.get("physicalName", ""))
    if server.get("format") in ("json", "jsonl"):
        if source and not JSON_PATH.fullmatch(source):
            yield f"{path}.physicalName", f'is {source!r}, no JSON path; write $.a.b, or $."a.b" for a key with a dot'
    elif source.startswith("$"):
        yield (
            f"{path}.physicalName",
            f"is a JSON path, but the format is {server.get('format')!r}; name the source column",
        )


def _type(column: Mapping[str, Any], path: str) -> Findings:
    kind, options = column.get("logicalType", "string"), as_map(column.get("logicalTypeOptions"))
    if kind not in LOGICAL_TYPES:
        hint = "; write number with physicalType: decimal(18,2)" if kind in ("decimal", "numeric") else ""
        yield f"{path}.logicalType", f"is {kind!r}{suggest(kind, LOGICAL_TYPES)}{hint}"
    declared = str(column.get("physicalType", "")).lower()
    if declared.startswith(("decimal", "numeric")):
        sizes = re.fullmatch(r"(?:decimal|numeric)\((\d+)\s*,\s*(\d+)\)", declared)
        if not sizes or not int(sizes[2]) <= int(sizes[1]) <= 38:
            yield f"{path}.physicalType", f"is {declared!r}; write decimal(18,2): at most 38 digits, scale within them"
    if kind in ("date", "timestamp"):
        yield from _time(kind, options, f"{path}.logicalTypeOptions")
    for key in {"defaultTimezone", "timezone"} & set(options):
        if kind in LOGICAL_TYPES and kind != "timestamp":
            yield f"{path}.logicalTypeOptions.{key}", f"is only for timestamp, not {kind}; declare timestamp"
    low, high = options.get("minimum"), options.get("maximum")
    if isinstance(low, (int, float)) and isinstance(high, (int, float)) and low > high:
        yield f"{path}.logicalTypeOptions.minimum", f"is {low}, above the maximum {high}; swap them"
    patterns = [(f"{path}.logicalTypeOptions.pattern", options.get("pattern"))]
    for rule in as_maps(column.get("quality")):
        patterns.append((f"{path}.quality.{rule.get('id')}.arguments", as_map(rule.get("arguments")).get("pattern")))
    for at, pattern in patterns:
        if pattern is not None and (fault := _regex_fault(str(pattern))):
            yield at, f"is no regular expression DuckDB reads: {fault}; no lookaround, no back reference"


def _time(kind: str, options: Mapping[str, Any], path: str) -> Findings:
    if (form := options.get("format")) is not None:
        rest = DATE_PARTS.sub("", str(form))
        letters = set("".join(p for p in DATE_PARTS.findall(str(form)) if not p.startswith("'")))
        if rest or not ({"y", "u"} & letters and {"M", "d"} <= letters):
            yield f"{path}.format", f"is {form!r}; write a Java pattern with year, month and day, as dd.MM.yyyy HH:mm"
        elif kind == "timestamp" and options.get("timezone") is True and not letters & {"X", "Z"}:
            yield f"{path}.format", f"is {form!r}, without the offset timezone: true promises; add XXX or drop timezone"
    zone = options.get("defaultTimezone")
    if zone is not None and str(zone) not in available_timezones():
        yield f"{path}.defaultTimezone", f"is {zone!r}, no known time zone{_near_zone(zone)}"
    if zone is not None and options.get("timezone") is True:
        yield f"{path}.timezone", "says the text carries an offset, defaultTimezone says it does not; keep one"


def _near_zone(zone: Any) -> str:
    near = suggest(zone, available_timezones()).partition("nearest ")[2]
    return f"; nearest {near}" if near else "; write one such as Europe/Berlin"


@cache
def _regex_fault(pattern: str) -> str | None:
    import duckdb

    try:
        duckdb.execute("select regexp_matches('', $1)", [pattern]).fetchall()
    except duckdb.Error as fault:
        return str(fault).splitlines()[0].split(": ", 1)[-1]
    return None


def _sql(column: Mapping[str, Any], landed: set[str], path: str) -> Findings:
    if (logic := column.get("transformLogic")) is not None:
        for fault in check_scalar(str(logic), landed):
            yield f"{path}.transformLogic", fault
    if _is_derived(column):
        if column.get("quality"):
            yield (
                f"{path}.quality",
                "would never run: a derived column is not landed; check the columns it is made from",
            )
        if column.get("primaryKey"):
            yield f"{path}.primaryKey", "is on a derived column; the key must be landed"


def _terms(column: Mapping[str, Any], meaningful: set[str], path: str, around: Surroundings) -> Findings:
    terms: list[Term] = []
    for index, link in enumerate(as_maps(column.get("authoritativeDefinitions"))):
        at, url = f"{path}.authoritativeDefinitions[{index}]", str(link.get("url"))
        term = around.definitions.terms.get(url.removeprefix(PREFIX))
        if link.get("type") != "term":
            yield f"{at}.type", f"is {link.get('type')!r}; write term, others are looked up on the web"
        elif not url.startswith(PREFIX):
            yield f"{at}.url", f"is {url!r}; write {PREFIX}<entity>.<field>"
        elif term is None or not term.linkable:
            known = url.removeprefix(PREFIX)
            near = around.definitions.nearest(known)
            why = "is a term of published tables only" if term else "is unknown; see quality/definitions.yml"
            yield f"{at}.url", f"term {known!r} {why}" + (f"; nearest {near!r}" if near else "")
        else:
            terms.append(term)
    name, level = str(column.get("name")), column.get("classification")
    links = column.get("authoritativeDefinitions")
    if level is not None and level not in LEVELS:
        yield f"{path}.classification", f"is {level!r}{suggest(level, LEVELS)}"
    elif level is None and not links and name not in meaningful:
        yield (
            f"{path}.classification",
            f"is missing, and the column has no term to inherit it from{suggest('', LEVELS)}",
        )
    strictest = max((LEVELS.index(t.classification) for t in terms), default=0)
    if level in LEVELS and LEVELS.index(level) < strictest:
        yield f"{path}.classification", f"is {level}, but its term is {LEVELS[strictest]}; it may only tighten"
    if "pii:none" in map(str, as_list(column.get("tags"))) and any(t.pii != "none" for t in terms):
        yield f"{path}.tags", "says pii:none, but its term is personal; remove the tag"


def _namespace(column: Mapping[str, Any], path: str, around: Surroundings) -> Findings:
    known = [t for n in terms_of(column) if (t := around.definitions.terms.get(n)) and t.linkable]
    keyed = [t.term for t in known if t.keyed]
    namespace = custom_of(column).get("namespace")
    if keyed and not namespace:
        yield (
            f"{path}.namespace",
            f"is missing; {keyed[0]} needs who issued it: {{property: namespace, value: shop.customer}}",
        )
    elif namespace is not None and not NAMESPACE.fullmatch(str(namespace)):
        yield f"{path}.namespace", f"is {namespace!r}; write words joined by dots, as shop.customer"
    elif namespace and not keyed and not any(t.term == "account.parent_id" for t in known):
        yield f"{path}.namespace", "is on a column without an identifier or key term; remove it or link the term"


def _mapping(column: Mapping[str, Any], path: str, around: Surroundings) -> Findings:
    custom, terms = custom_of(column), terms_of(column)
    constants = custom.get("constants")
    if constants is not None:
        if not set(terms) & around.definitions.slots:
            yield f"{path}.constants", "is only for slot columns; put it on the schema"
        yield from check_constants(as_map(constants), f"{path}.constants", around)
    mapping = custom.get("valueMapping")
    if mapping is None:
        return
    if not isinstance(mapping, dict) or not mapping:
        yield f"{path}.valueMapping", "is no mapping; write {raw: standard}"
        return
    if not column.get("authoritativeDefinitions"):
        yield f"{path}.valueMapping", "is on a column without a term, so nothing reads it; link a term"
    for raw, times in Counter(str(k).strip().casefold() for k in mapping).items():
        if times > 1:
            yield f"{path}.valueMapping.{raw}", "is given more than once, as case and blanks do not count; keep one"
    for raw, standard in mapping.items():
        if standard is None or standard == "*" == raw:
            continue
        for term in (t for t in terms if t in around.definitions.terms):
            yield from check_literal(standard, term, f"{path}.valueMapping.{raw}", around)


def _together(columns: list[dict[str, Any]], root: str, around: Surroundings) -> Findings:
    for name, times in Counter(str(c.get("name")) for c in columns).items():
        if times > 1:
            yield f"{root}.properties.{name}.name", f"is given to {times} columns; names are unique"
    users: dict[str, list[str]] = defaultdict(list)
    for column in columns:
        for term in terms_of(column):
            users[term].append(str(column.get("name")))
    for name, used in users.items():
        term = around.definitions.terms.get(name)
        if term and term.linkable and term.occurs == "once" and len(used) > 1:
            yield (
                f"{root}.properties.{used[1]}.authoritativeDefinitions",
                f"links to {name}, as does {used[0]}; only slots may occur twice: keep one",
            )
    keys = [c for c in columns if c.get("primaryKey") is True]
    positions = [c.get("primaryKeyPosition", -1) for c in keys]
    if len(keys) > 1 and positions != [-1] * len(keys) and sorted(positions) != list(range(1, len(keys) + 1)):
        yield (
            f"{root}.properties.{keys[-1].get('name')}.primaryKeyPosition",
            f"the key's positions are {positions}; number them 1 to {len(keys)}",
        )
    undeclared = {n for n in users.get("interaction.attribute", ()) if n not in around.attributes}
    for name in sorted(undeclared):
        yield (
            f"{root}.properties.{name}.authoritativeDefinitions",
            f"is an interaction.attribute that no touchpoint declares{suggest(name, around.attributes)}; "
            "add it to attributes in touchpoints.yml",
        )


def _slots(schema: Mapping[str, Any], columns: list[dict[str, Any]], root: str) -> Findings:
    general = as_map(custom_of(schema).get("constants")).get("interaction.touchpoint")
    by_column = any("interaction.touchpoint" in terms_of(c) for c in columns)
    for column in columns:
        terms, path = terms_of(column), f"{root}.properties.{column.get('name')}"
        constants = as_map(custom_of(column).get("constants"))
        if "interaction.occurred_at" in terms:
            own = constants.get("interaction.touchpoint", general or by_column or None)
            if not own:
                yield (
                    path,
                    "is a slot without a touchpoint; add interaction.touchpoint to its or the schema's constants",
                )
            if column.get("logicalType") not in ("timestamp", None):
                yield f"{path}.logicalType", "carries interaction.occurred_at and must be a timestamp, days included"
        options = as_map(column.get("logicalTypeOptions"))
        if "survey.score" in terms and not {"minimum", "maximum"} <= set(options):
            yield f"{path}.logicalTypeOptions", "has no minimum and maximum; a survey.score needs its scale"
