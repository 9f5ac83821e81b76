"""Sources and model documentation of the rendered project: who owns a dataset, what each column means.

Put here: the YAML beside the rendered models. Keep out: SQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quality import render_sql as sql
from quality.company import Company
from quality.contract import Column, Contract
from quality.definitions import Definitions, load_definitions
from quality.render_base import column_type
from quality.render_std import PARTS_TABLE, STANDARD_TABLES, TECHNICAL_MEANINGS, StandardTable

STANDARD_GROUP = "standard"
STANDARD_OWNER = "data-platform"
UNIQUE = {"std_persons": "subject_id"}  # the grain where one column holds it; the rest is asserted on the marts


def document_models(
    company: Company, landing: str, suppliers: Mapping[str, Mapping[str, bool]]
) -> dict[str, dict[str, Any]]:
    """The YAML documents of the rendered project, by path below it.

    Args:
        landing: the relation of a dataset's landed parts, with `{name}` for the dataset.
        suppliers: standard table -> each dataset that supplies it, and whether each of its rows is made of one landed
            row.
    """
    definitions = load_definitions()
    domains = {c.domain or "source": c.team for c in company.contracts}
    groups = [{"name": d, "owner": {"name": team}} for d, team in sorted(domains.items()) if d != STANDARD_GROUP]
    groups.append({"name": STANDARD_GROUP, "owner": {"name": STANDARD_OWNER}})
    base = [m for c in company.contracts for m in (_base_model(c, definitions), _versions_model(c))]
    standard = [_standard_model(t, suppliers[t.name], definitions) for t in STANDARD_TABLES]
    return {
        "models/groups.yml": {"version": 2, "groups": groups},
        "models/sources.yml": {"version": 2, "sources": _sources(company, landing)},
        "models/base/base.yml": {"version": 2, "models": base},
        "models/std/std.yml": {"version": 2, "models": standard},
    }


def _sources(company: Company, landing: str) -> list[dict[str, Any]]:
    landed = [
        {
            "name": c.dataset,
            "description": f"{_sentence(c.grain or 'One row per landed row')} {c.purpose}",
            "config": {"meta": _meta(c)},
        }
        for c in company.contracts
    ]
    control = [
        {"name": "parts", "description": "One row per landed part of a dataset, the manifest."},
        {"name": "touchpoints", "description": "One row per touchpoint the company declares."},
    ]
    return [
        {
            "name": "landing",
            "description": f"What {company.name} landed, as its contracts type it.",
            "config": {"meta": {"external_location": landing}},
            "tables": landed,
        },
        {
            "name": "landing_control",
            "description": "What the rendered models read of the control tables.",
            "schema": "control",
            "tables": control,
        },
    ]


def _base_model(contract: Contract, definitions: Definitions) -> dict[str, Any]:
    return {
        "name": f"base_{contract.dataset}",
        "description": f"One row per landed row of {contract.dataset}, and whether it is in force. {contract.purpose}",
        "config": {"group": contract.domain or "source", "meta": _meta(contract)},
        "columns": [_base_column(c, definitions) for c in contract.columns],
    }


def _versions_model(contract: Contract) -> dict[str, Any]:
    return {
        "name": f"base_{contract.dataset}__versions",
        "description": f"One row per landed row of {contract.dataset} whose key landed more than once.",
        "config": {"materialized": "table", "group": contract.domain or "source", "meta": _meta(contract)},
    }


def _base_column(column: Column, definitions: Definitions) -> dict[str, Any]:
    meanings = [definitions.terms[t].meaning for t in column.terms if t in definitions.terms]
    meta = {"terms": list(column.terms)} if column.terms else {}
    classification = column.classification or next(
        (definitions.terms[t].classification for t in column.terms if t in definitions.terms), None
    )
    if classification:
        meta["classification"] = classification
    return {
        "name": column.name,
        "description": " ".join([*([column.description] if column.description else []), *meanings]),
        "data_type": column_type(column),
        "config": {"meta": meta},
    }


def _standard_model(table: StandardTable, suppliers: Mapping[str, bool], definitions: Definitions) -> dict[str, Any]:
    columns = []
    for name, kind in table.all_columns.items():
        term = definitions.terms.get(table.term_of(name))
        column: dict[str, Any] = {
            "name": name,
            "description": term.meaning if term else TECHNICAL_MEANINGS[name],
            "data_type": sql.TYPES[kind],
        }
        if term:
            column["config"] = {"meta": {"term": term.term, "classification": term.classification}}
        if UNIQUE.get(table.name) == name:
            column["data_tests"] = ["unique", "not_null"]
        columns.append(column)
    return {
        "name": table.name,
        "description": table.grain,
        "config": {
            "materialized": PARTS_TABLE,
            "contract": {"enforced": True},
            "access": "public",
            "group": STANDARD_GROUP,
            "meta": {"owner": STANDARD_OWNER, "suppliers": dict(suppliers)},
        },
        "columns": columns,
    }


def _meta(contract: Contract) -> Mapping[str, Any]:
    return {"owner": contract.owner or contract.team, "team": contract.team, "contract_version": contract.version}


def _sentence(text: str) -> str:
    text = text.strip()
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")
