"""An output contract: what we promise of one published table, one ODCS file each in quality/contracts/.

Put here: the shape of a promise and how its file is read. Keep out: whether it is right (gate_output.py), what is
rendered from it (render_marts.py, table_suites.py), the contracts of sources (contract.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from quality.contract import ContractError
from quality.definitions import Term, load_definitions
from quality.plain_yaml import parse

FOLDER = Path(__file__).parents[1] / "contracts"
TERM = "definitions/"


@dataclass(frozen=True)
class OutputColumn:
    """One column of a published table. `references`: `table.column` each value must be found in, null apart."""

    name: str
    type: str  # as the database says it: varchar, uuid, decimal(18,2) …
    description: str
    term: str | None
    classification: str | None
    required: bool
    key_position: int | None  # 1-based place in the primary key
    references: tuple[str, ...]

    @property
    def meaning(self) -> Term | None:
        """The standard term the column is linked to."""
        return load_definitions().terms.get(self.term or "")

    @property
    def values(self) -> tuple[str, ...]:
        """The closed set of values, from the term; empty when open."""
        return self.meaning.values if self.meaning else ()


@dataclass(frozen=True)
class Promise:
    """One further rule of a table that dbt tests: a generic test of dbt_project/macros/tests and its arguments."""

    name: str
    test: str
    arguments: Mapping[str, Any]
    severity: str  # error | warning


@dataclass(frozen=True)
class OutputContract:
    """One published table, in one major version."""

    file: Path
    table: str
    schema: str  # marts | governance
    group: str  # marts | journeys | governance
    version: str
    status: str  # active | deprecated
    purpose: str
    grain: str
    team: str
    owner: str | None
    columns: tuple[OutputColumn, ...]
    promises: tuple[Promise, ...]
    distinct: tuple[tuple[str, ...], ...]  # sets of columns no two rows share, where nulls forbid a key
    service_levels: Mapping[str, Mapping[str, Any]]  # frequency, freshness, retention, endOfLife
    is_model: bool  # a dbt model; else the pipeline writes it

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that name a row, in order; empty where none can."""
        keyed = [c for c in self.columns if c.key_position]
        return tuple(c.name for c in sorted(keyed, key=lambda c: c.key_position or 0))

    @property
    def asset(self) -> str:
        return f"{self.schema}/{self.table}"


@cache
def load_output_contracts() -> dict[str, OutputContract]:
    """What is promised by this checkout, read once a process; see `read_output_contracts`."""
    return read_output_contracts(FOLDER)


def read_output_contracts(folder: Path) -> dict[str, OutputContract]:
    """Every output contract of a folder by the name of its table, deprecated versions too (`<table>_v<major>`).

    Raises:
        ContractError: a file is no readable ODCS contract.
    """
    return {c.table: c for c in (read_output_contract(file) for file in sorted(folder.glob("*.odcs.yaml")))}


def read_output_contract(file: Path) -> OutputContract:
    """Read one file. It is read as plain YAML: the model of ODCS takes ten times as long, and the gate has judged it.

    Raises:
        ContractError: the file is not YAML, or lacks what every output contract has.
    """
    try:
        return _contract(file, parse(file.read_text(encoding="utf-8")))
    except (yaml.YAMLError, KeyError, IndexError, TypeError, AttributeError, ValueError) as fault:
        raise ContractError(
            f"{file}: not a readable output contract: {type(fault).__name__} {fault}; compare it with "
            "quality/contracts/fct_orders.odcs.yaml, and run `c360 contracts check`"
        ) from fault


def _contract(file: Path, document: Mapping[str, Any]) -> OutputContract:
    schema = document["schema"][0]
    quality = schema.get("quality") or []
    custom = {c["property"]: c["value"] for c in schema.get("customProperties") or []}
    return OutputContract(
        file=file,
        table=schema["physicalName"],
        schema=document["servers"][0]["schema"],
        group=document["domain"],
        version=str(document["version"]),
        status=document["status"],
        purpose=document["description"]["purpose"],
        grain=schema["dataGranularityDescription"],
        team=document["team"]["name"],
        owner=next((m["username"] for m in document["team"].get("members") or [] if m.get("role") == "owner"), None),
        columns=tuple(_columns(schema)),
        promises=tuple(_promises(quality)),
        distinct=tuple(tuple(q["arguments"]["properties"]) for q in quality if q.get("metric") == "duplicateValues"),
        service_levels={p["property"]: p for p in document.get("slaProperties") or []},
        is_model=custom.get("writtenBy", "dbt") == "dbt",
    )


def _columns(schema: Mapping[str, Any]) -> Iterator[OutputColumn]:
    for position, p in enumerate(schema["properties"], start=1):
        links = [d["url"] for d in p.get("authoritativeDefinitions") or [] if d["type"] == "term"]
        yield OutputColumn(
            name=p["name"],
            type=p["physicalType"],
            description=p.get("description") or "",
            term=links[0].removeprefix(TERM) if links else None,
            classification=p.get("classification"),
            required=bool(p.get("required")),
            key_position=p.get("primaryKeyPosition", position) if p.get("primaryKey") else None,
            references=tuple(r["to"] for r in p.get("relationships") or []),
        )


def _promises(quality: list[Mapping[str, Any]]) -> Iterator[Promise]:
    for rule in quality:
        if rule.get("type") == "custom" and rule.get("engine") == "dbt":
            (test, arguments), *_ = rule["implementation"].items()
            yield Promise(rule["id"], test, arguments, rule.get("severity", "error"))
