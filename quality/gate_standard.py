"""A contract against the standard itself: the official JSON schema, then datacontract-cli's lint.

Put here: running the two, and saying in plain words what they found.
Keep out: our own rules (gate_dataset.py, gate_columns.py).
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from open_data_contract_standard.model import DataQuality, OpenDataContractStandard, SchemaObject, SchemaProperty

from quality.gate_problem import Finding, Findings, path_of, suggest

SERVER_KEYS = {"id", "server", "type", "description", "environment", "roles", "customProperties"}
SERVER_KEYS_OF = {
    "local": SERVER_KEYS | {"path", "format", "encoding"},
    "s3": SERVER_KEYS | {"location", "format", "encoding", "endpointUrl"},
    "custom": SERVER_KEYS | {"location", "format"},
    "api": SERVER_KEYS | {"location", "format"},
}


@cache
def _validator():
    import jsonschema

    schema = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8"))
    return jsonschema.validators.validator_for(schema)(schema)


def check_standard(document: dict[str, Any]) -> list[Finding]:
    """Every fault of the official schema, and of `datacontract lint` with warnings as errors.

    lint validates against its own, more lenient copy of the schema and re-checks that copy for each contract (0.15 s);
    so it is handed the parsed contract, and only its remaining rules run (measured: 0.5 ms).
    """
    found = [finding for error in _errors(document) for finding in _say(document, error)]
    return list(dict.fromkeys([*found, *_lint(document, bool(found))]))


def _errors(document: dict[str, Any]) -> list:
    errors = list(_validator().iter_errors(document))
    # A failing alternative leaves its keys "unevaluated": only a key no model knows is a fault of its own.
    return [e for e in errors if e.validator != "unevaluatedProperties" or _unknown_keys(document, e)]


def _unknown_keys(document: dict[str, Any], error) -> list[str]:
    extras = re.findall(r"'([^']+)'", error.message.partition("(")[2])
    place = [p for p in error.absolute_path if isinstance(p, str)]
    if not place:
        return []  # the root closes itself by additionalProperties
    if place == ["servers"]:
        known = SERVER_KEYS_OF.get(error.instance.get("type"), set(error.instance))
    else:
        models = (DataQuality, SchemaProperty, SchemaObject)
        known = {f.alias or n for m in models for n, f in m.model_fields.items()}
    return [e for e in extras if e not in known]


def _say(document: dict[str, Any], error) -> Findings:
    place = list(error.absolute_path)
    here = path_of(document, place)

    def at(key: str) -> str:
        return f"{here}.{key}" if here else key

    if error.validator == "required":
        yield at(re.search(r"'([^']+)'", error.message)[1]), "is missing; the standard requires it: add it"
    elif error.validator == "unevaluatedProperties":
        for key in _unknown_keys(document, error):
            allowed = SERVER_KEYS_OF.get(error.instance.get("type"), ()) if place[:1] == ["servers"] else _keys(place)
            yield at(key), f"is no key of the standard here{suggest(key, allowed)}; rename or remove it"
    elif error.validator == "additionalProperties":
        known = error.schema.get("properties", {})
        for key in (k for k in error.instance if k not in known):
            yield at(key), f"is no key of the standard here{suggest(key, known)}; rename or remove it"
    elif error.validator in ("enum", "const"):
        allowed = error.validator_value if error.validator == "enum" else [error.validator_value]
        yield here, f"is {error.instance!r}{suggest(error.instance, map(str, allowed))}"
    elif error.validator == "type":
        yield here, f"is a {type(error.instance).__name__}, must be a {error.validator_value}; quote text, list lists"
    elif error.validator in ("oneOf", "anyOf") and error.context:
        from jsonschema.exceptions import best_match

        yield from _say(document, best_match(error.context))
    else:
        yield here or "file", f"breaks the standard: {error.message[-160:]}; see the Open Data Contract Standard"


def _keys(place: list[str | int]) -> list[str]:
    model = DataQuality if "quality" in place else SchemaProperty if "properties" in place else SchemaObject
    return list(model.model_fields)


def _lint(document: dict[str, Any], is_invalid: bool) -> Findings:
    from datacontract.data_contract import DataContract
    from datacontract.lint.constraints import enum_value_errors
    from datacontract.model.run import ResultEnum

    for error in enum_value_errors(document):
        yield "enum", f"{_named(document, error.reason)}; keep one"
    try:
        model = OpenDataContractStandard.model_validate(document)
    except ValueError as fault:
        if not is_invalid:
            yield "file", f"does not parse as ODCS: {str(fault).splitlines()[0]}; compare with companies/demo/contracts"
        return
    for check in DataContract(data_contract=model, inline_references=False).lint().checks:
        if check.result not in (ResultEnum.passed, ResultEnum.info):
            yield _place_of(model, check), f"datacontract lint: {check.reason}; mend the rule"


def _place_of(model: OpenDataContractStandard, check) -> str:
    """lint names a column by its physical name."""
    schema = model.schema_[0]
    named = next(
        (c.name for c in schema.properties or [] if check.field and check.field in (c.physicalName, c.name)), None
    )
    return f"schema.{schema.name}" + (f".properties.{named}" if named else "") + ".quality"


def _named(document: dict[str, Any], reason: str) -> str:
    """lint's `schema[0].properties[3].…` with our names."""

    def name(match: re.Match[str]) -> str:
        elements = [int(n) if n else w for n, w in re.findall(r"\[(\d+)\]|(\w+)", match[0])]
        return path_of(document, elements)

    return re.sub(r"schema\[\d+\](?:\.properties\[\d+\])*", name, reason)
