"""From an ODCS file to a typed contract.

Put here: which key of ODCS says what of a contract.
Keep out: the shape of a contract (contract.py), whether it is right (gate.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from open_data_contract_standard.model import DataQuality, OpenDataContractStandard, SchemaProperty

from quality.contract import (
    OPERATORS,
    ApiOptions,
    Column,
    Contract,
    ContractError,
    Days,
    Pages,
    ReadOptions,
    Rule,
    Server,
)


def read_contract(file: Path) -> Contract:
    """Read one ODCS file.

    Args:
        file: `<company>/contracts/<dataset>.odcs.yaml`.
    Raises:
        ContractError: not YAML, or not an ODCS document at all. Finer faults are gate.py's.
    """
    try:
        document = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
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
        rules=tuple(_rule(dataset, q) for q in schema.quality or [] if q.type != "custom"),
        watched=tuple(_rule(dataset, q) for q in schema.quality or [] if q.type == "custom"),
        error_rate=float(sla["errorRate"].value) if "errorRate" in sla else None,
        frequency=(float(sla["frequency"].value), sla["frequency"].unit) if "frequency" in sla else None,
        freshness=_limit(sla.get("freshness")),
        retention=_limit(sla.get("retention")),
        alert_addresses=tuple(s.url for s in odcs.support or [] if s.scope == "notifications" and s.url),
    )


def _server(server) -> Server:
    options = _custom(server).get("readOptions") or {}
    kind = {"local": "file", "s3": "file", "custom": "sql", "api": "api"}.get(server.type, server.type)
    return Server(
        kind=kind,
        location=(server.path if server.type == "local" else server.location) or "",
        format=server.format or kind,
        endpoint=server.endpointUrl,
        api=_api(options) if kind == "api" else None,
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


def _api(options: Mapping[str, Any]) -> ApiOptions:
    pages, days = options.get("pages") or {}, options.get("days")
    kind = pages.get("type", "none")
    return ApiOptions(
        rows=options.get("rows", "$"),
        params={str(k): str(v) for k, v in (options.get("params") or {}).items()},
        headers={str(k): str(v) for k, v in (options.get("headers") or {}).items()},
        pages=Pages(kind, pages.get("path", ""), pages.get("param", ""), int(pages.get("first", kind == "number"))),
        days=Days(days.get("from", ""), days.get("until", ""), days.get("format", "yyyy-MM-dd")) if days else None,
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
        kind=q.type if q.type in ("sql", "custom") else (q.metric or q.rule or ""),
        severity=q.severity or "error",
        operator=operator,
        threshold=getattr(q, operator) if operator else None,
        percent=q.unit == "percent",
        arguments=q.arguments or {},
        query=q.implementation if q.type == "custom" else q.query,
    )


def _limit(p) -> tuple[float, str, str | None] | None:
    if p is None:
        return None
    return float(p.value), p.unit or "d", (p.element or "").split(".")[-1] or None


def _custom(thing) -> dict[str, Any]:
    return {c.property: c.value for c in thing.customProperties or []}
