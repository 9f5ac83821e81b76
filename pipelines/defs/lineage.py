"""Where every published column comes from, as an asset that holds publishing back until each has an answer.

Put here: the Dagster side only. Keep out: finding and recording lineage (pipelines/lineage.py).
"""

from datetime import UTC, datetime

import dagster as dg

from pipelines.keys import LINEAGE, WRITER_POOL
from pipelines.meter import Meter
from pipelines.settings import Settings
from quality.company import Company

CHECK = "every_published_column_has_lineage"


def build_lineage_asset(
    settings: Settings, company: Company, tables: list[dg.AssetKey], files: str
) -> dg.AssetsDefinition:
    """
    Args:
        tables: every table of the marts file that dbt makes.
        files: digest of the files these definitions were loaded from (pipelines/basis.py).
    """
    check = dg.AssetCheckSpec(
        CHECK, asset=LINEAGE, blocking=True,
        description="Every published column reaches a source field or a named origin of quality/lineage/lineage.yml.",
    )  # fmt: skip

    @dg.asset(
        key=LINEAGE,
        deps=tables,
        group_name="governance",
        owners=["team:data-governance"],
        kinds={"duckdb", "python"},
        pool=WRITER_POOL,
        check_specs=[check],
        description="One row per published column and source field, or named origin, that it is made of. "
        "The same step by step in <home>/lineage/openlineage.ndjson.",
    )
    def lineage(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from pipelines.lineage import record_lineage
        from quality.lineage.sql import LineageError

        meter, now = Meter(), datetime.now(UTC).replace(tzinfo=None)
        try:
            recorded = record_lineage(settings, company, files, run_id=context.run_id, at=now)
        except LineageError as fault:
            raise dg.Failure(str(fault), allow_retries=False) from fault
        missing = ", ".join(recorded.missing[:20])
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": recorded.rows,
                "columns": recorded.columns,
                "events": str(recorded.events),
                **meter.read(),
            },
            check_results=[
                dg.AssetCheckResult(
                    check_name=CHECK,
                    passed=not recorded.missing,
                    severity=dg.AssetCheckSeverity.ERROR,
                    metadata={"failing_rows": len(recorded.missing), "threshold": "none", "observed": missing},
                )
            ],
        )

    return lineage
