"""The last asset of a build: the published database, swapped in whole.

Put here: the gate and the order of things. Keep out: copying and masking (pipelines/publish).
"""

from datetime import UTC, datetime

import dagster as dg

from pipelines.check_log import check_rows_since
from pipelines.keys import PUBLISHED, WRITER_POOL, identity_key
from pipelines.publish.availability import write_availability
from pipelines.publish.check_results import last_check_at, write_check_results
from pipelines.publish.contract_changes import write_contract_changes
from pipelines.publish.publish import publish
from pipelines.publish.restatements import write_restatements
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
        rows = check_rows_since(context.instance, context.run_id, last_check_at(settings.marts))
        write_check_results(settings.marts, rows)
        now = datetime.now(UTC).replace(tzinfo=None)
        restated = write_restatements(settings.marts, settings.published, run_id=context.run_id, at=now)
        changed = write_contract_changes(settings.marts, settings.released, run_id=context.run_id, at=now)
        available = write_availability(
            settings.marts,
            settings.published,
            settings.warehouse,
            run_id=context.run_id,
            at=datetime.now(UTC).replace(tzinfo=None),
        )
        result = publish(
            settings.warehouse, settings.marts, settings.published.parent, settings.private, settings.released
        )
        return dg.MaterializeResult(
            metadata={
                "tables": result.tables,
                "steward_tables": result.steward_tables,
                "bytes": result.bytes,
                "checks": len(rows),
                "restated_rows": restated,
                "contract_changes": changed,
                "parts_available": available,
                "published": dg.MetadataValue.path(result.published),
            }
        )

    return customer360
