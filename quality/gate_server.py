"""Our own rules about where rows come from: the server of a contract, and how its files are read.

Put here: rules of contract-conventions section 2. Keep out: how an API is asked (gate_api.py), the dataset
(gate_dataset.py).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from typing import Any

from quality.contract import CREDENTIALS
from quality.gate_api import check_api
from quality.gate_problem import Findings, custom_of, suggest

FORMATS = {
    "local": {"csv", "jsonl", "json", "parquet", "xlsx"},
    "s3": {"csv", "jsonl", "json", "parquet", "xlsx"},
    "custom": {"sql"},
    "api": {"json"},
}
READ_OPTIONS = {"delimiter": str, "header": bool, "quote": str, "escape": str, "rowSuffix": str, "strict": bool}


def check_server(server: Mapping[str, Any], cursor: Mapping[str, Any] | None, path: str) -> Findings:
    """Every fault of a server; `cursor` is the column the schema's `cursor` names."""
    kind, form = str(server.get("type")), str(server.get("format"))
    if kind not in FORMATS:
        yield (
            f"{path}.type",
            f"is {kind!r}; write local for files, s3 for objects, custom for SQL databases, api for REST",
        )
        return
    location = "path" if kind == "local" else "location"
    if not isinstance(server.get(location), str) or not server[location].strip():
        yield f"{path}.{location}", "is missing; say where the rows come from"
    if form not in FORMATS[kind]:
        yield f"{path}.format", f"is {form!r}{suggest(form, FORMATS[kind])}"
    if kind == "s3":
        yield from _store(server, path)
    for key, text in server.items():
        if isinstance(text, str) and CREDENTIALS.search(text):
            yield f"{path}.{key}", "holds a credential in clear text; put it in an environment variable: ${CRM_URL}"
        if isinstance(text, str) and "${" in re.sub(r"\$\{\w+\}", "", text):
            yield f"{path}.{key}", "holds a placeholder that cannot be read; write ${NAME}"
    if encoding := server.get("encoding"):
        try:
            codecs.lookup(str(encoding))
        except LookupError:
            yield f"{path}.encoding", f"is {encoding!r}{suggest(encoding, ('utf-8', 'utf-16', 'latin-1', 'cp1252'))}"
    options = custom_of(server).get("readOptions")
    if kind == "api":
        yield from check_api(server, options, cursor, path)
    else:
        yield from _read_options(options, form, f"{path}.readOptions")


def _store(server: Mapping[str, Any], path: str) -> Findings:
    location, endpoint = str(server.get("location")), server.get("endpointUrl")
    if not re.match(r"s3://(\$\{\w+\}|[a-z0-9][a-z0-9.-]+)+/.", location):
        yield (
            f"{path}.location",
            f"is {location!r}, no pattern of objects; write s3://bucket/path/orders_{{yyyyMMdd}}.csv",
        )
    if endpoint is not None and not re.match(r"https?://|\$\{\w+\}", str(endpoint)):
        yield f"{path}.endpointUrl", "is no address; write https://…, ${S3_ENDPOINT}, or nothing for Amazon's"
    if "delimiter" in server:
        yield f"{path}.delimiter", "means nothing here; write format: jsonl for one object a line, else json"


def _read_options(options: Any, form: Any, path: str) -> Findings:
    if options is None:
        return
    if not isinstance(options, dict):
        yield path, f"is a {type(options).__name__}; write {{delimiter: ';', header: true}}"
        return
    if form not in ("csv", "xlsx"):
        yield path, f"means nothing for format {form!r}; remove it"
    for key, value in options.items():
        expected = READ_OPTIONS.get(key)
        if expected is None:
            yield f"{path}.{key}", f"is unknown{suggest(key, READ_OPTIONS)}"
        elif not isinstance(value, expected):
            yield (
                f"{path}.{key}",
                f"is a {type(value).__name__}, must be {'true or false' if expected is bool else 'text'}",
            )
        elif key == "delimiter" and not value:
            yield f"{path}.{key}", "is empty; name the characters between two columns"
        elif key in ("quote", "escape") and len(value) > 1:
            yield f"{path}.{key}", "is longer than one character; write one, or '' for none"
