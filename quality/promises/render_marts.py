"""The dbt YAML beside each published model, rendered from its output contract.

Put here: which key of dbt says what of a contract. Keep out: the YAML of the rendered project (render_docs.py), the
SQL of the models (dbt_project/).

`datacontract dbt sync` could write this YAML too. Tried on this project, it rewrites every YAML file of it for one
contract, loses their layout, and adds a test of its own, so a scan, for each required column and each reference;
required columns are constraints here and the references of a table one query.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from quality.promises.output_contract import OutputColumn, OutputContract

FOLDERS = {"marts": "models/marts", "journeys": "models/journeys/marts", "governance": "models/governance"}
SEVERITY = {"error": "error", "warning": "warn"}


def render_marts(contracts: Mapping[str, OutputContract]) -> dict[str, str]:
    """The text of every model's YAML, by path below dbt_project/.

    Args:
        contracts: as `load_output_contracts` gives them; tables the pipeline writes itself have no model.
    """
    current = {name: c for name, c in contracts.items() if c.is_model and c.status != "deprecated"}
    older: dict[str, list[OutputContract]] = {}
    for c in contracts.values():
        if c.is_model and c.status == "deprecated":
            older.setdefault(c.table.removesuffix(f"_v{c.major}"), []).append(c)
    return {f"{FOLDERS[c.group]}/{name}.yml": _text(c, older.get(name, [])) for name, c in current.items()}


def drift(contracts: Mapping[str, OutputContract], package: Path) -> list[str]:
    """Every difference between the contracts and the YAML in `package`, both ways, a line each; empty when in step."""
    wanted = render_marts(contracts)
    found = []
    for path, text in wanted.items():
        file = package / path
        if not file.is_file():
            found.append(f"{path}: not there; run `c360 contracts sync`")
        elif file.read_text(encoding="utf-8") != text:
            found += [f"{path}: {line}" for line in _differences(file.read_text(encoding="utf-8"), text)]
    for folder in FOLDERS.values():
        for file in sorted((package / folder).glob("*.sql")):
            if f"{folder}/{file.stem}.yml" not in wanted and file.stem not in contracts:
                found.append(f"{folder}/{file.name}: a published model without a contract; write one")
    return found


def sync(contracts: Mapping[str, OutputContract], package: Path) -> list[str]:
    """Write what has changed into `package`; the paths written."""
    written = []
    for path, text in render_marts(contracts).items():
        file = package / path
        if not file.is_file() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            written.append(path)
    return written


def _text(contract: OutputContract, older: list[OutputContract]) -> str:
    head = f"# Rendered from quality/contracts/{contract.file.name} by `c360 contracts sync`: change it there.\n"
    return head + yaml.safe_dump({"models": [_model(contract, older)]}, sort_keys=False, allow_unicode=True, width=120)


def _model(contract: OutputContract, older: list[OutputContract]) -> dict[str, Any]:
    is_dimension = contract.table.startswith("dim_")  # small enough for the database to keep the key itself
    model: dict[str, Any] = {
        "name": contract.table,
        "description": contract.purpose,
        "latest_version": contract.major,
        "config": {
            "contract": {"enforced": True},
            "meta": {"owner": contract.team, "contract_version": contract.version},
        },
    }
    if is_dimension and len(contract.key) > 1:
        model["constraints"] = [{"type": "primary_key", "columns": list(contract.key)}]
    if tests := _tests(contract, is_keyed=is_dimension):
        model["data_tests"] = tests
    model["columns"] = [_column(c, is_key=is_dimension and contract.key == (c.name,)) for c in contract.columns]
    model["versions"] = [_version(c, contract.table) for c in (*older, contract)]
    return model


def _version(contract: OutputContract, name: str) -> dict[str, Any]:
    served: dict[str, Any] = {
        "v": contract.major,
        "defined_in": contract.table,
        "config": {"alias": contract.table},
    }
    if contract.status == "deprecated":
        served["deprecation_date"] = str(contract.service_levels["endOfLife"]["value"])
        own = [_column(c, is_key=False) for c in contract.columns]
        served["columns"] = [{"include": []}, *own]  # else dbt takes the newer version's first, in their order
    return served


def _tests(contract: OutputContract, *, is_keyed: bool) -> list[dict[str, Any]]:
    tests: list[dict[str, Any]] = []
    if contract.key and not is_keyed:
        tests.append(_test("unique_key", f"{contract.table}_has_one_row_per_key", {"columns": list(contract.key)}))
    for columns in contract.distinct:
        arguments = {"columns": list(columns), "may_be_null": True}
        tests.append(_test("unique_key", f"{contract.table}_has_no_row_twice", arguments))
    for rule in contract.promises:
        tests.append(_test(rule.test, rule.name, dict(rule.arguments), SEVERITY[rule.severity]))
    parents = [
        {"column": c.name, "parent": f"ref('{table}')", "field": field}
        for c in contract.columns
        for table, field in (reference.split(".") for reference in c.references)
    ]
    if parents:
        tests.append(_test("has_parents", f"{contract.table}_names_only_known_parents", {"parents": parents}))
    return tests


def _test(test: str, name: str, arguments: dict[str, Any], severity: str = "error") -> dict[str, Any]:
    body: dict[str, Any] = {"name": name, "arguments": arguments}
    if severity != "error":
        body["config"] = {"severity": severity}
    return {test: body}


def _column(column: OutputColumn, *, is_key: bool) -> dict[str, Any]:
    constraints = [{"type": "not_null"}] * column.required + [{"type": "primary_key"}] * is_key
    return {
        "name": column.name,
        "description": column.description,
        "data_type": column.type,
        **({"constraints": [dict(c) for c in constraints]} if constraints else {}),
        "config": {"meta": {"term": column.term, "classification": column.classification}},
    }


def _differences(found: str, wanted: str) -> list[str]:
    """What two YAML texts say differently, by the path to it; the text itself where they mean the same."""
    left, right = (dict(_leaves(yaml.load(text, Loader=yaml.CSafeLoader))) for text in (found, wanted))
    paths = sorted(k for k in left.keys() | right.keys() if left.get(k) != right.get(k))
    said = [f"{path} is {left.get(path)!r}, the contract says {right.get(path)!r}" for path in paths]
    return said or ["laid out differently; run `c360 contracts sync`"]


def _leaves(node: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(node, Mapping):
        return [leaf for key, value in node.items() for leaf in _leaves(value, f"{path}.{key}".lstrip("."))]
    if isinstance(node, list):
        return [leaf for i, value in enumerate(node) for leaf in _leaves(value, f"{path}[{_name(value, i)}]")]
    return [(path, node)]


def _name(item: Any, position: int) -> Any:
    """What an item of a list is called: a column or a model by its name, a test by the name inside it."""
    while isinstance(item, Mapping) and item:
        if "name" in item:
            return item["name"]
        item = next(iter(item.values())) if len(item) == 1 else None
    return position
