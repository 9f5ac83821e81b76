"""The control schema: what a run must know before dbt starts.

Put here: facts of the company, the manifest, compiled journeys and definitions, as warehouse tables.
Keep out: facts about rows; those are modelled in dbt.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.ingest.manifest import Manifest
from pipelines.journeys.compile import compile_journeys
from pipelines.journeys.fingerprint import fingerprint_journeys
from pipelines.journeys.model import Journey, JourneyError
from pipelines.journeys.released import list_changed_releases
from pipelines.journeys.spec import load_journeys
from pipelines.online import is_online
from quality.company import Company
from quality.contract import ContractError
from quality.definitions import FILE, load_definitions
from quality.promises.change_control import DEFINITIONS as DEFINITIONS_FILE
from quality.promises.change_control import RELEASED, list_broken_promises
from quality.promises.output_contract import load_output_contracts

TOUCHPOINTS = pa.schema(
    [("touchpoint", pa.string()), ("name", pa.string()), ("channel", pa.string()), ("is_online", pa.bool_()),
     ("assisted", pa.bool_()), ("initiator", pa.string()), ("use_case", pa.string()),
     ("unit_cost", pa.decimal128(18, 2)), ("attributes", pa.string())]
)  # fmt: skip
TOUCHPOINT_ITEMS = pa.schema([("touchpoint", pa.string()), ("attribute", pa.string())])
DATASETS = pa.schema(
    [("dataset", pa.string()), ("domain", pa.string()), ("owner", pa.string()), ("version", pa.string()),
     ("load_mode", pa.string()), ("priority", pa.int32()), ("survivorship_rank", pa.int32()),
     ("is_online", pa.bool_())]
)  # fmt: skip
CONTRACTS = pa.schema(
    [("dataset", pa.string()), ("version", pa.string()), ("status", pa.string()), ("owner", pa.string()),
     ("purpose", pa.string()), ("grain", pa.string()), ("received", pa.int64()), ("landed", pa.int64()),
     ("quarantined", pa.int64()), ("is_stale", pa.bool_()), ("last_arrived_on", pa.date32())]
)  # fmt: skip
DECLARATIONS = pa.schema([(name, pa.string()) for name in ("folder", "name", "text")])
DEFINITIONS = pa.schema(
    [(name, pa.string()) for name in
     ("term", "meaning", "type", "unit", "pii", "classification", "masking", "synonyms", "owner")]
)  # fmt: skip


def write_control(
    connection: duckdb.DuckDBPyConnection,
    company: Company,
    manifest: Manifest,
    *,
    run_id: str,
    as_of: str | None,
    released: Path,
) -> datetime:
    """Replace the tables of schema `control` in one transaction.

    Args:
        as_of: ISO instant, or None for the end of the latest arrived day of any dataset.
        released: `<home>/released`, the declarations of what is published.
    Returns:
        The instant the run is judged at (UTC, naive).
    Raises:
        JourneyError: a journey file is faulty, or a published version says otherwise now.
        ContractError: an output contract breaks what is published.
    """
    parts = manifest.arrow()
    now = _as_of(parts, as_of)
    journeys = load_journeys(company.journeys_dir, company.touchpoints)
    if changed := list_changed_releases(journeys, released / "journeys"):
        raise JourneyError(changed)
    if broken := list_broken_promises(company.folder, released):
        raise ContractError("\n".join(broken))
    rules = compile_journeys(journeys)
    tables = {
        "parts": parts,
        "touchpoints": _touchpoints(company),
        "touchpoint_items": _touchpoint_items(company),
        "datasets": _datasets(company),
        "contracts": _contracts(company, parts, manifest.failed_datasets()),
        "definitions": _definitions(),
        "declarations": _declarations(company, journeys),
        **rules,
    }
    connection.execute("begin")
    connection.execute("create schema if not exists control")
    previous = _previous_as_of(connection)
    for name, table in tables.items():
        _replace(connection, name.removeprefix("control."), table)
    connection.execute(
        "create or replace table control.run as select ?::varchar as run_id, ?::timestamp as as_of, "
        "?::timestamp as previous_as_of, ?::varchar as company, ?::varchar as country, ?::varchar as timezone, "
        "?::varchar as currency, ?::varchar as journeys_fingerprint",
        [
            run_id,
            now,
            previous,
            company.company,
            company.country,
            company.timezone,
            company.currency,
            fingerprint_journeys(rules),
        ],
    )
    connection.execute("commit")
    return now


def _as_of(parts: pa.Table, as_of: str | None) -> datetime:
    if as_of:
        instant = datetime.fromisoformat(as_of)
        return instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant
    days = [day for day in parts.column("arrived_on").to_pylist() if day is not None]
    return datetime.combine(max(days, default=datetime.now(UTC).date()) + timedelta(days=1), time())


def _previous_as_of(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    # fetchall: a result that is not drained keeps the connection from taking the next statement.
    known = connection.execute(
        "select count(*) from information_schema.tables where table_schema = 'control' and table_name = 'run'"
    ).fetchall()
    if not known[0][0]:
        return None
    return connection.execute("select as_of from control.run").fetchall()[0][0]


def _replace(connection: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> None:
    connection.register("incoming", table)
    connection.execute(f"create or replace table control.{name} as select * from incoming")
    connection.unregister("incoming")


def _touchpoints(company: Company) -> pa.Table:
    rows = [
        {**vars(t), "unit_cost": None if t.unit_cost is None else f"{t.unit_cost:.2f}",
         "attributes": ",".join(t.attributes)}
        for t in company.touchpoints.values()
    ]  # fmt: skip
    return _table(rows, TOUCHPOINTS)


def _touchpoint_items(company: Company) -> pa.Table:
    rows = [{"touchpoint": t.touchpoint, "attribute": i} for t in company.touchpoints.values() for i in t.items]
    return _table(rows, TOUCHPOINT_ITEMS)


def _datasets(company: Company) -> pa.Table:
    ranks = {dataset: rank for rank, dataset in enumerate(company.survivorship_priority, start=1)}
    rows = [
        {
            "dataset": c.dataset,
            "domain": c.domain,
            "owner": c.owner,
            "version": c.version,
            "load_mode": c.load_mode,
            "priority": c.priority,
            "survivorship_rank": ranks.get(c.dataset, len(ranks) + 1),
            "is_online": is_online(c, company),
        }
        for c in company.contracts
    ]
    return _table(rows, DATASETS)


def _contracts(company: Company, parts: pa.Table, failed: set[str]) -> pa.Table:
    """One row per contract; stale is what stands at an older state than its source: failed, held, or never landed."""
    current: dict[str, list[dict]] = {}
    behind = set(failed)
    for part in parts.select(["dataset", "state", "received", "landed", "quarantined", "arrived_on"]).to_pylist():
        if part["state"] == "current":
            current.setdefault(part["dataset"], []).append(part)
        elif part["state"] == "held":
            behind.add(part["dataset"])
    rows = [
        {
            "dataset": c.dataset,
            "version": c.version,
            "status": c.status,
            "owner": c.owner,
            "purpose": c.purpose,
            "grain": c.grain,
            "received": sum(p["received"] for p in current.get(c.dataset, [])),
            "landed": sum(p["landed"] for p in current.get(c.dataset, [])),
            "quarantined": sum(p["quarantined"] for p in current.get(c.dataset, [])),
            "is_stale": c.dataset in behind or c.dataset not in current,
            "last_arrived_on": max((p["arrived_on"] for p in current.get(c.dataset, [])), default=None),
        }
        for c in company.contracts
    ]
    return _table(rows, CONTRACTS)


def _declarations(company: Company, journeys: list[Journey]) -> pa.Table:
    """The text of what this run is built from; publishing keeps it."""
    files = [("contracts", c.file.name, c.file) for c in company.contracts]
    files += [("journeys", f"{j.journey_key}.yml", j.file) for j in journeys]
    files += [(RELEASED, c.file.name, c.file) for c in load_output_contracts().values()]
    files.append((RELEASED, DEFINITIONS_FILE, FILE))
    rows = [{"folder": folder, "name": name, "text": f.read_text(encoding="utf-8")} for folder, name, f in files]
    return _table(rows, DECLARATIONS)


def _definitions() -> pa.Table:
    rows = [
        {"term": name, "meaning": t.meaning, "type": t.type, "unit": t.unit, "pii": t.pii,
         "classification": t.classification, "masking": t.masking, "synonyms": ", ".join(t.synonyms), "owner": t.owner}
        for name, t in load_definitions().terms.items()
    ]  # fmt: skip
    return _table(rows, DEFINITIONS)


def _table(rows: list[dict], schema: pa.Schema) -> pa.Table:
    """A table of exactly `schema`; keys a row has beyond it are dropped, decimals are parsed from text."""
    columns = []
    for field in schema:
        values = [row.get(field.name) for row in rows]
        if pa.types.is_decimal(field.type):
            columns.append(pa.array(values, pa.string()).cast(field.type))
        else:
            columns.append(pa.array(values, field.type))
    return pa.Table.from_arrays(columns, schema=schema)
