"""The last asset of a build: the published database, swapped in whole.

Put here: the gate and the order of things. Keep out: copying and masking (pipelines/publish).
"""

from datetime import UTC, datetime
from typing import Any

import dagster as dg

from pipelines.check_log import check_rows_since
from pipelines.keys import PUBLISHED, WRITER_POOL, identity_key
from pipelines.meter import Meter
from pipelines.settings import Settings


def build_publish_asset(settings: Settings, tables: list[dg.AssetKey]) -> dg.AssetsDefinition:
    """Args: tables: every table of the marts file; their blocking checks hold this asset back."""

    @dg.asset(
        key=PUBLISHED,
        deps=[*tables, identity_key("customers")],
        group_name="published",
        owners=["team:data-platform"],
        kinds={"duckdb"},
        pool=WRITER_POOL,
        description="The file BI tools read: schemas `marts` and `governance`, masked. It is swapped in whole, only "
        "after every blocking check passed; a reader is never blocked and never sees half a run. The steward's "
        "unmasked copy goes to the private folder.",
    )
    def customer360(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from pipelines.publish.publish import publish

        meter = Meter()
        told = _write_logs(context, settings)
        result = publish(
            settings.warehouse, settings.marts, settings.published.parent, settings.private, settings.released
        )
        return dg.MaterializeResult(
            metadata={
                **told,
                "tables": result.tables,
                "steward_tables": result.steward_tables,
                "published": dg.MetadataValue.path(result.published),
                **meter.read(bytes=result.bytes),
            }
        )

    return customer360


def _write_logs(context: dg.AssetExecutionContext, settings: Settings) -> dict[str, Any]:
    """What runs, checks, customers and promises did since the last publication; last, what becomes readable now."""
    from pipelines.publish.availability import write_availability
    from pipelines.publish.check_results import last_check_at, write_check_results
    from pipelines.publish.contract_changes import write_contract_changes
    from pipelines.publish.restatements import write_restatements
    from pipelines.publish.run_log import last_run_at, measure_tables, write_runs
    from pipelines.run_log import run_rows_since

    marts, published, run_id = settings.marts, settings.published, context.run_id
    now = datetime.now(UTC).replace(tzinfo=None)
    checks = check_rows_since(context.instance, run_id, last_check_at(marts))
    sizes = measure_tables(settings.warehouse, marts)
    runs = run_rows_since(context.instance, run_id, last_run_at(marts), sizes)
    told = {
        "checks": write_check_results(marts, checks),
        "runs": write_runs(marts, *runs),
        "restated_rows": write_restatements(marts, published, run_id=run_id, at=now),
        "contract_changes": write_contract_changes(marts, published, settings.released, run_id=run_id, at=now),
    }
    now = datetime.now(UTC).replace(tzinfo=None)
    available = write_availability(marts, published, settings.warehouse, run_id=run_id, at=now)
    tables = {name: {"rows": rows, "bytes": size} for name, (rows, size) in sizes.items()}
    return {**told, "parts_available": available, "sizes": dg.MetadataValue.json(tables)}
