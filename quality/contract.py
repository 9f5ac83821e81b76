"""A source contract as plain, typed Python: one file, one dataset.

Put here: the shape of a contract and how it is read from ODCS YAML.
Keep out: whether a contract is right (gate.py), the SQL made from it (render_*.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from open_data_contract_standard.model import (
    DataQuality,
    OpenDataContractStandard,
    SchemaProperty,
)

OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
)
KEY_TERMS = {
    "order.order_id",
    "interaction.order_id",
    "case.case_id",
    "interaction.case_id",
    "account.account_id",
}


class ContractError(ValueError):
    """A contract, or a file beside it, cannot be used. The message names file, path and remedy."""


@dataclass(frozen=True)
class ReadOptions:
    """How the bytes of a file become columns; the defaults are contract-conventions section 2's."""

    delimiter: str = ","
    header: bool = True
    quote: str = '"'
    escape: str = '"'
    row_suffix: str = ""
    strict: bool = True


@dataclass(frozen=True)
class Server:
    """Where rows come from. `location` is a path pattern, a SQLAlchemy URL or a REST address,
    with `${VAR}` not yet replaced; `resolve` replaces it."""

    kind: str  # file | sql | api
    location: str
    format: str  # csv | jsonl | json | parquet | xlsx | sql | api
    encoding: str = "utf-8"
    read: ReadOptions = ReadOptions()

    def resolve(self, env: Mapping[str, str]) -> str:
        """The location with every `${VAR}` replaced from `env`.

        Raises:
            ContractError: a variable is not set.
        """

        def value(match: re.Match[str]) -> str:
            if match[1] not in env:
                raise ContractError(
                    f"location {self.location!r}: environment variable {match[1]} is not set; export it"
                )
            return env[match[1]]

        return re.sub(r"\$\{(\w+)\}", value, self.location)


@dataclass(frozen=True)
class Rule:
    """One `quality` entry. `rule_id` is `<column>.<id>` or `<dataset>.<id>`."""

    rule_id: str
    kind: str  # invalidValues | nullValues | missingValues | duplicateValues | rowCount | sql
    severity: str  # info | warning | error
    operator: str  # one of OPERATORS
    threshold: Any
    percent: bool = False
    arguments: Mapping[str, Any] = field(default_factory=dict)
    query: str | None = None


@dataclass(frozen=True)
class Column:
    """One property. Derived: `transform` without `physical_name`; it is not landed."""

    name: str
    slot_id: str  # the ODCS id, else the name; part of every interaction_id
    position: int  # 1-based, in the contract
    physical_name: str | None
    logical_type: str
    physical_type: str | None
    format: str | None  # Java pattern
    default_timezone: str | None
    has_offset: bool
    key_position: int | None  # 1-based place in the primary key
    required: bool
    unique: bool
    enum: tuple[str, ...]
    pattern: str | None
    minimum: float | None
    maximum: float | None
    transform: str | None
    terms: tuple[str, ...]  # "person.email", …
    namespace: str | None
    value_mapping: Mapping[str, str | None] | None
    constants: Mapping[str, Any]
    rules: tuple[Rule, ...]
    classification: str | None
    tags: tuple[str, ...]
    description: str | None

    @property
    def is_derived(self) -> bool:
        return self.transform is not None and self.physical_name is None

    @property
    def is_guarded(self) -> bool:
        """A failed cell of this column quarantines the whole row."""
        return self.required or self.key_position is not None


@dataclass(frozen=True)
class Contract:
    """One source dataset."""

    file: Path
    dataset: str
    version: str
    status: str
    domain: str
    purpose: str
    limitations: str | None
    team: str
    owner: str | None
    grain: str | None
    server: Server
    table: str  # physicalName of the schema object: the table of a SQL source
    columns: tuple[Column, ...]
    load_mode: str  # append | snapshot
    cursor: str | None
    priority: int
    constants: Mapping[str, Any]
    rules: tuple[Rule, ...]  # batch rules
    error_rate: float | None  # percent
    frequency: tuple[float, str] | None
    freshness: tuple[float, str, str | None] | None  # value, unit, column
    retention: tuple[float, str, str | None] | None

    @property
    def landed(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if not c.is_derived)

    @property
    def derived(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if c.is_derived)

    @property
    def key(self) -> tuple[Column, ...]:
        return tuple(sorted((c for c in self.columns if c.key_position), key=lambda c: c.key_position))

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)

    def with_term(self, term: str) -> tuple[Column, ...]:
        """Columns linked to `term`, in contract order."""
        return tuple(c for c in self.columns if term in c.terms)

    def has_entity(self, entity: str) -> bool:
        """Whether any column is linked to a term `<entity>.*`."""
        return any(t.startswith(f"{entity}.") for c in self.columns for t in c.terms)


def read_contract(file: Path) -> Contract:
    """Read one ODCS file.

    Args:
        file: `<company>/contracts/<dataset>.odcs.yaml`.
    Raises:
        ContractError: not YAML, or not an ODCS document at all. Finer faults are gate.py's.
    """
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        odcs = OpenDataContractStandard.model_validate(document)
        return _contract(file, odcs)
    except ContractError:
        raise
    except Exception as fault:
        first = str(fault).splitlines()[0]
        raise ContractError(f"{file}: not a readable ODCS contract: {first}; run `c360 lint`") from fault


def _contract(file: Path, odcs: OpenDataContractStandard) -> Contract:
    schema, server = odcs.schema_[0], odcs.servers[0]
    custom = _custom(schema)
    sla = {p.property: p for p in odcs.slaProperties or []}
    dataset = schema.name
    members = (odcs.team.members or []) if odcs.team else []
    return Contract(
        file=file,
        dataset=dataset,
        version=str(odcs.version),
        status=odcs.status or "draft",
        domain=odcs.domain or "",
        purpose=(odcs.description.purpose or "") if odcs.description else "",
        limitations=odcs.description.limitations if odcs.description else None,
        team=odcs.team.name if odcs.team else "",
        owner=next((m.username for m in members if m.role == "owner"), None),
        grain=schema.dataGranularityDescription,
        server=_server(server),
        table=schema.physicalName or dataset,
        columns=tuple(_column(p, i) for i, p in enumerate(schema.properties or [], start=1)),
        load_mode=custom.get("loadMode", "append"),
        cursor=custom.get("cursor"),
        priority=int(custom.get("priority", 50)),
        constants=custom.get("constants") or {},
        rules=tuple(_rule(dataset, q) for q in schema.quality or []),
        error_rate=float(sla["errorRate"].value) if "errorRate" in sla else None,
        frequency=(float(sla["frequency"].value), sla["frequency"].unit) if "frequency" in sla else None,
        freshness=_limit(sla.get("freshness")),
        retention=_limit(sla.get("retention")),
    )


def _server(server) -> Server:
    options = _custom(server).get("readOptions") or {}
    kind = {"local": "file", "custom": "sql", "api": "api"}.get(server.type, server.type)
    return Server(
        kind=kind,
        location=(server.path if kind == "file" else server.location) or "",
        format=server.format or kind,
        encoding=(server.encoding or "utf-8").lower(),
        read=ReadOptions(
            delimiter=options.get("delimiter", ","),
            header=bool(options.get("header", True)),
            quote=options.get("quote", '"'),
            escape=options.get("escape", '"'),
            row_suffix=options.get("rowSuffix", ""),
            strict=bool(options.get("strict", True)),
        ),
    )


def _column(p: SchemaProperty, position: int) -> Column:
    options, custom = p.logicalTypeOptions or {}, _custom(p)
    derived = p.transformLogic is not None and p.physicalName is None
    terms = tuple(
        d.url.removeprefix("definitions/") for d in p.authoritativeDefinitions or [] if d.type == "term" and d.url
    )
    return Column(
        name=p.name,
        slot_id=p.id or p.name,
        position=position,
        physical_name=None if derived else (p.physicalName or p.name),
        logical_type=p.logicalType or "string",
        physical_type=p.physicalType,
        format=options.get("format"),
        default_timezone=options.get("defaultTimezone"),
        has_offset=options.get("timezone") is True,
        key_position=(p.primaryKeyPosition if (p.primaryKeyPosition or 0) > 0 else position) if p.primaryKey else None,
        required=bool(p.required),
        unique=bool(p.unique),
        enum=tuple(str(e.value) for e in p.enum or []),
        pattern=options.get("pattern"),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        transform=p.transformLogic,
        terms=terms,
        namespace=custom.get("namespace"),
        value_mapping=_mapping(custom["valueMapping"]) if "valueMapping" in custom else None,
        constants=custom.get("constants") or {},
        rules=tuple(_rule(p.name, q) for q in p.quality or []),
        classification=p.classification,
        tags=tuple(p.tags or ()),
        description=p.description,
    )


def _mapping(raw: Mapping[Any, Any]) -> dict[str, str | None]:
    return {str(k).strip(): None if v is None else str(v) for k, v in raw.items()}


def _rule(owner: str, q: DataQuality) -> Rule:
    operator = next((o for o in OPERATORS if getattr(q, o) is not None), "")
    return Rule(
        rule_id=f"{owner}.{q.id}",
        kind="sql" if q.type == "sql" else (q.metric or q.rule or ""),
        severity=q.severity or "error",
        operator=operator,
        threshold=getattr(q, operator) if operator else None,
        percent=q.unit == "percent",
        arguments=q.arguments or {},
        query=q.query,
    )


def _limit(p) -> tuple[float, str, str | None] | None:
    if p is None:
        return None
    return float(p.value), p.unit or "d", (p.element or "").split(".")[-1] or None


def _custom(thing) -> dict[str, Any]:
    return {c.property: c.value for c in thing.customProperties or []}
