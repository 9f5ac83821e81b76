"""Our own rules about a company's facts: company.yml and touchpoints.yml.

Put here: rules about these two files. Keep out: reading them into types (company.py), contracts (gate_dataset.py).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from quality.definitions import Definitions
from quality.gate_channels import check_reach
from quality.gate_problem import NAME, Findings, as_map, suggest

NEEDED = {
    "company": (rf"{NAME}", "a short id in lower case, as demo"),
    "name": (r".+", "the name for people"),
    "country": (r"[A-Z]{2}", "two capital letters, as DE"),
    "timezone": (r".+", "a zone, as Europe/Berlin"),
    "currency": (r"[A-Z]{3}", "three capital letters, as EUR"),
    "first_day": (r"\d{4}-\d{2}-\d{2}", "a day, as 2024-01-01"),
}
OPTIONAL = {"error_rate", "survivorship_priority", "teams", "alerts"}
TOUCHPOINT_KEYS = {
    *("name", "channel", "is_online", "assisted", "initiator", "use_case", "unit_cost", "attributes", "items"),
}


def check_facts(facts: Mapping[str, Any], datasets: Collection[str]) -> Findings:
    """Every fault of company.yml."""
    for key, (pattern, example) in NEEDED.items():
        if key not in facts:
            yield key, f"is missing; write {example}"
        elif not isinstance(facts[key], str) or not re.fullmatch(pattern, facts[key]):
            yield key, f"is {facts[key]!r}; write {example}"
    for key in set(facts) - set(NEEDED) - OPTIONAL:
        yield str(key), f"is unknown{suggest(key, {*NEEDED, *OPTIONAL})}"
    zone = facts.get("timezone")
    if zone is not None and str(zone) not in available_timezones():
        yield "timezone", f"is {zone!r}, no known time zone; write one such as Europe/Berlin"
    try:
        date.fromisoformat(str(facts.get("first_day", "2000-01-01")))
    except ValueError:
        yield "first_day", f"is {facts['first_day']!r}, no day of the calendar; write one, as 2024-01-01"
    rate = facts.get("error_rate", 5)
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate <= 100:
        yield "error_rate", f"is {rate!r}; write percent, 0 to 100"
    yield from check_reach(facts)
    priority = facts.get("survivorship_priority") or []
    if not isinstance(priority, list):
        yield "survivorship_priority", "is no list; list datasets, most trusted first"
        return
    for dataset in map(str, priority):
        if dataset not in datasets:
            yield "survivorship_priority", f"names {dataset!r}, which has no contract{suggest(dataset, datasets)}"
    if len(set(map(str, priority))) < len(priority):
        yield "survivorship_priority", "names a dataset twice; keep its first place"


def check_touchpoints(document: Mapping[str, Any], definitions: Definitions) -> Findings:
    """Every fault of touchpoints.yml."""
    entries = document.get("touchpoints")
    if not isinstance(entries, dict) or not entries:
        yield "touchpoints", "is missing or empty; list the touchpoints below it"
        return
    for key in set(document) - {"touchpoints"}:
        yield str(key), f"is unknown{suggest(key, ['touchpoints'])}"
    for name, entry in entries.items():
        path, known = f"touchpoints.{name}", as_map(entry)
        if not re.fullmatch(NAME, str(name)):
            yield path, "is no id; write lower case letters, digits and _, a letter first"
        for key in set(known) - TOUCHPOINT_KEYS:
            yield f"{path}.{key}", f"is unknown{suggest(key, TOUCHPOINT_KEYS)}"
        for key in ("is_online", "assisted"):
            if not isinstance(known.get(key, True), bool):
                yield f"{path}.{key}", f"is {known[key]!r}; write true or false"
        for key in ("initiator", "use_case"):
            allowed = definitions.terms[f"interaction.{key}"].values
            if known.get(key) is not None and known[key] not in allowed:
                yield f"{path}.{key}", f"is {known[key]!r}{suggest(known[key], allowed)}"
        cost = known.get("unit_cost", 0)
        if isinstance(cost, bool) or not isinstance(cost, (int, float)):
            yield f"{path}.unit_cost", f"is {cost!r}; write an amount in the company's currency"
        attributes, items = known.get("attributes", []), known.get("items", [])
        if not isinstance(attributes, list) or any(not re.fullmatch(NAME, str(a)) for a in attributes):
            yield f"{path}.attributes", "must be a list of names in lower case"
        elif not isinstance(items, list):
            yield f"{path}.items", "must be a list of the touchpoint's attributes"
        else:
            for item in [i for i in items if i not in attributes]:
                yield f"{path}.items", f"names {item!r}, which is none of its attributes{suggest(item, attributes)}"
