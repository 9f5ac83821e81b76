"""Reconciliation from landing to marts, as asset checks.

Put here: the Dagster side only. Keep out: what must arrive where (quality/reconcile.py).
"""

from collections.abc import Iterator

import dagster as dg

from pipelines.asset_checks import asset_key, check_key, told
from pipelines.keys import WRITER_POOL
from pipelines.settings import Settings
from pipelines.warehouse import open_warehouse
from quality.company import Company
from quality.reconcile import TRUTHS, reconcile


def build_reconciliation(settings: Settings, company: Company) -> dg.AssetChecksDefinition:
    """One op: each dataset and each mart is scanned once."""
    specs = [
        dg.AssetCheckSpec(
            truth.name,
            asset=asset_key(truth.asset),
            blocking=truth.severity == "block",
            description=f"Allowed: {truth.allowed}; severity {truth.severity}",
        )
        for truth in TRUTHS
    ]

    @dg.multi_asset_check(name="landing_reconciled", specs=specs, pool=WRITER_POOL, can_subset=True)
    def landing_reconciled(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        with open_warehouse(settings) as connection:
            results = reconcile(connection, company)
        yield from (told(r) for r in results if check_key(r) in context.selected_asset_check_keys)

    return landing_reconciled
