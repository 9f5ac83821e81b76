"""Our own rules about how a REST API is asked: `readOptions` of a server of type api.

Put here: address, rows, parameters, headers, pages, days. Keep out: asking (pipelines/ingest), other servers
(gate_dataset.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from quality.gate_problem import Findings, as_map, suggest

OPTIONS = {"rows": str, "params": dict, "headers": dict, "pages": dict, "days": dict}
PAGES = {  # kind -> what it must say, and may say
    "none": (set(), set()),
    "cursor": ({"path", "param"}, set()),
    "link": ({"path"}, set()),
    "header": (set(), set()),
    "number": ({"param"}, {"first"}),
    "offset": ({"param"}, {"first"}),
}
DAYS = {"from", "until", "format"}
SECRET = re.compile(r"auth|token|secret|passw|key|sig(nature)?$|cookie", re.I)
FORMAT = re.compile(r"(?:'[^']*'|yyyy|MM|dd|HH|mm|ss|[^A-Za-z'])+")
TYPE_NAMES = {str: "text", dict: "a mapping"}


def check_api(server: Mapping[str, Any], options: Any, cursor: Mapping[str, Any] | None, path: str) -> Findings:
    """Every fault of how an API is asked.

    Args:
        server: the server; options: its readOptions.
        cursor: the column the schema's `cursor` names; None without one.
    """
    location, at = str(server.get("location")), f"{path}.readOptions"
    if not re.match(r"https?://|\$\{\w+\}", location):
        yield f"{path}.location", "is no address; write https://… or ${SHOP_API}"
    if options is not None and not isinstance(options, dict):
        yield at, f"is a {type(options).__name__}; write {{rows: $.data, pages: {{type: number, param: page}}}}"
        return
    for key, value in as_map(options).items():
        if key not in OPTIONS:
            yield f"{at}.{key}", f"is unknown for an API{suggest(key, OPTIONS)}"
        elif not isinstance(value, OPTIONS[key]):
            yield f"{at}.{key}", f"is a {type(value).__name__}, must be {TYPE_NAMES[OPTIONS[key]]}"
    options = as_map(options)
    yield from _json_path(options.get("rows"), f"{at}.rows")
    for group in ("params", "headers"):
        for name, text in as_map(options.get(group)).items():
            if isinstance(text, (dict, list)) or text is None:
                yield f"{at}.{group}.{name}", "must be one plain value"
            elif SECRET.search(str(name)) and "${" not in str(text):
                yield f"{at}.{group}.{name}", "looks like a credential in clear text; write ${SHOP_TOKEN}"
    if "pages" in options:
        yield from _pages(as_map(options["pages"]), f"{at}.pages")
    if "days" in options:
        yield from _days(as_map(options["days"]), cursor, f"{at}.days")
    if cursor and as_map(cursor.get("logicalTypeOptions")).get("format"):
        yield (
            f"{at}.days",
            f"cannot be told: cursor {cursor.get('name')!r} has a format of its own; an API's cursor is an ISO date or "
            "time: name another, or none",
        )


def _pages(pages: Mapping[str, Any], path: str) -> Findings:
    kind = str(pages.get("type"))
    if kind not in PAGES:
        yield f"{path}.type", f"is {pages.get('type')!r}{suggest(kind, PAGES)}"
        return
    needed, allowed = PAGES[kind]
    for key in sorted(needed - set(pages)):
        yield f"{path}.{key}", f"is missing; pages of type {kind} need it"
    for key in sorted(set(pages) - needed - allowed - {"type"}):
        yield f"{path}.{key}", f"means nothing for pages of type {kind}{suggest(key, needed | allowed | {'type'})}"
    yield from _json_path(pages.get("path"), f"{path}.path")
    if not isinstance(pages.get("first", 0), int) or isinstance(pages.get("first"), bool):
        yield f"{path}.first", f"is {pages['first']!r}; write the number of the first page or row, as 1"


def _days(days: Mapping[str, Any], cursor: Mapping[str, Any] | None, path: str) -> Findings:
    for key in sorted(map(str, set(days) - DAYS)):
        yield f"{path}.{key}", f"is unknown{suggest(key, DAYS)}"
    if not days.get("from"):
        yield f"{path}.from", "is missing; name the parameter that asks for rows from a day on"
    if not cursor:
        yield path, "needs a cursor: the column whose day a row is of; add {property: cursor, value: …} to the schema"
    if not FORMAT.fullmatch(str(days.get("format", "yyyy-MM-dd"))):
        yield f"{path}.format", f"is {days['format']!r}; write yyyy, MM, dd, HH, mm, ss, and other letters in quotes"


def _json_path(text: Any, path: str) -> Findings:
    if text is not None and not re.fullmatch(r"\$(\.(\w+|\"[^\"]+\")|\[\d+\])*", str(text)):
        yield path, f'is {text!r}, no JSON path; write $.data.items, or $."a.b" for a key with a dot'
