"""One asset per source dataset: land the parts that arrived on the days of the run.

Put here: how a contract becomes a Dagster asset. Keep out: reading and typing (pipelines/ingest).
"""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg

from pipelines.ingest.errors import LandingError
from pipelines.keys import CATCH_UP, LANDING_CHECKS, WRITER_POOL, landing_key
from pipelines.meter import Meter
from pipelines.online import is_online
from pipelines.settings import Settings
from quality.company import Company
from quality.contract import Column, Contract
from quality.definitions import load_definitions

if TYPE_CHECKING:
    from pipelines.ingest.land import LandResult

CHECK, COLUMNS = LANDING_CHECKS
RETRY = dg.RetryPolicy(max_retries=1, delay=5, backoff=dg.Backoff.EXPONENTIAL)


def arrival_days(company: Company) -> dg.DailyPartitionsDefinition:
    """Arrival days since the company's first; today is the last."""
    return dg.DailyPartitionsDefinition(start_date=company.first_day.isoformat(), end_offset=1)


def build_landing_assets(settings: Settings, company: Company) -> list[dg.AssetsDefinition]:
    """One asset per contract; a run over many days is one run."""
    days = arrival_days(company)
    return [_landing_asset(settings, company, contract, days) for contract in company.contracts]


def _landing_asset(
    settings: Settings, company: Company, contract: Contract, days: dg.DailyPartitionsDefinition
) -> dg.AssetsDefinition:
    spec = dg.AssetSpec(
        key=landing_key(contract.dataset),
        description=describe(contract),
        group_name=f"landing/{_kind(contract, company)}",
        owners=[f"team:{contract.team}"],
        kinds={contract.server.format, "parquet"},
        tags={"domain": contract.domain or "unknown"},
        metadata={
            "dagster/column_schema": column_schema(contract),
            "contract": dg.MetadataValue.path(contract.file),
            "contract_version": contract.version,
            "load_mode": contract.load_mode,
        },
        code_version=contract.version,
        partitions_def=days,
    )

    @dg.multi_asset(
        name=f"land_{contract.dataset}",
        specs=[spec],
        check_specs=[
            dg.AssetCheckSpec(CHECK, asset=spec.key, description="No part was held for too many bad rows."),
            dg.AssetCheckSpec(COLUMNS, asset=spec.key, description="New parts have no column the contract leaves out."),
        ],
        backfill_policy=dg.BackfillPolicy.single_run(),
        retry_policy=RETRY,
        pool=WRITER_POOL,  # a corrected file replaces its part, which must not happen under a build that reads it
    )
    def _land(context: dg.AssetExecutionContext):
        from pipelines.ingest.land import land
        from pipelines.ingest.manifest import Manifest
        from pipelines.ingest.quarantine import count_open

        meter, window, manifest = Meter(), context.partition_time_window, Manifest(settings.state_url)
        is_catching_up = context.run.tags.get(CATCH_UP) == "true"
        try:
            result = land(
                contract,
                company,
                landing=settings.landing,
                quarantine=settings.quarantine,
                manifest=manifest,
                env=settings.environ,
                first_day=company.first_day if is_catching_up else window.start.date(),
                last_day=last_day(window),
                now=datetime.now(UTC),
            )
        except LandingError as fault:
            raise dg.Failure(str(fault), allow_retries=False) from fault
        for day in result.days:  # an event costs Dagster tens of milliseconds: only days on which something arrived
            if day < window.start.date():
                context.log_event(dg.AssetMaterialization(spec.key, partition=day.isoformat()))
        if result.unfinished:
            context.log.warning(f"{contract.dataset}: {result.unfinished} files left: they are still being written")
        waits = count_open(manifest, settings.quarantine, contract.dataset)
        checks = [held_check(result), column_check(result)]
        told = count(result) | waits | meter.read(bytes=result.bytes)
        yield dg.MaterializeResult(asset_key=spec.key, metadata=told, check_results=checks)

    return _land


def _kind(contract: Contract, company: Company) -> str:
    """Interactions recorded online or offline, or records: people, accounts, products, consents."""
    if not contract.with_term("interaction.occurred_at"):
        return "records"
    return "online" if is_online(contract, company) else "offline"


def last_day(window: dg.TimeWindow) -> date:
    return window.end.date() - timedelta(days=1)


def count(result: "LandResult") -> dict[str, int]:
    """What one landing did, for the UI and the table of `c360 run`."""
    return {
        "dagster/row_count": result.landed,
        "received": result.received,
        "landed": result.landed,
        "quarantined": result.quarantined,
        "cells_nulled": result.cells,
        "parts_new": result.new,
        "parts_replaced": result.replaced,
        "files_unfinished": result.unfinished,
    }


def held_check(result: "LandResult") -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=CHECK,
        passed=not result.held,
        severity=dg.AssetCheckSeverity.ERROR,  # not blocking: the dataset's last good state stands
        metadata={
            "messages": "; ".join(result.messages) or "none",
            "observed": "a batch is held" if result.held else "no batch is held",
            "threshold": "no batch is held",
        },
    )


def column_check(result: "LandResult") -> dg.AssetCheckResult:
    """A missing column fails the landing itself; a new one is left out, and told."""
    return dg.AssetCheckResult(
        check_name=COLUMNS,
        passed=not result.drift,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"severity": "warn", "observed": ", ".join(result.drift) or "none", "threshold": "none"},
    )


def describe(contract: Contract) -> str:
    parts = [contract.grain and f"Grain: {contract.grain}.", contract.purpose, contract.limitations]
    return "\n\n".join(p for p in parts if p)


def column_schema(contract: Contract) -> dg.TableSchema:
    terms = load_definitions().terms
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=c.name,
                type=c.physical_type or c.logical_type,
                description=c.description or " ".join(terms[t].meaning for t in c.terms if t in terms) or None,
                constraints=dg.TableColumnConstraints(nullable=not c.is_guarded, unique=_is_key(contract, c)),
                tags=dict.fromkeys(c.terms, ""),
            )
            for c in contract.landed
        ]
    )


def _is_key(contract: Contract, column: Column) -> bool:
    return [column.name] == [k.name for k in contract.key]
