"""Contracts as asset checks: facts of what was received, what is published as it was promised.

Put here: the Dagster side only. Keep out: what is checked (quality/suites.py), how (quality/validate.py).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import dagster as dg

from pipelines.asset_checks import asset_key, check_key, told
from pipelines.keys import CONTROL, WRITER_POOL
from pipelines.pages_due import are_pages_due
from pipelines.settings import Settings
from pipelines.warehouse import open_warehouse
from quality.company import Company
from quality.promises.output_contract import load_output_contracts
from quality.promises.table_drift import CHECK as AS_PROMISED
from quality.promises.table_suites import table_suites
from quality.suites import Check, Suite, landing_suites
from quality.validate import validate


def build_checks(settings: Settings, company: Company, files: str) -> dg.AssetChecksDefinition:
    """All suites as one op: importing Great Expectations costs seconds, once a process.

    Args: files: digest of the files these definitions were loaded from (pipelines/basis.py).
    """
    specs = list(_specs(settings, company))

    @dg.multi_asset_check(name="great_expectations", specs=specs, pool=WRITER_POOL, can_subset=True)
    def great_expectations(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        with open_warehouse(settings) as connection:
            as_of = connection.execute("select as_of from control.run").fetchone()[0]
            docs = settings.site / "data_docs" if are_pages_due(settings, context.run.tags) else None
            results = validate(connection, company, as_of, settings.landing, _assets(context), docs, files)
        found = {check_key(r): r for r in results}
        for key in sorted(context.selected_asset_check_keys):
            if key in found:
                yield told(found[key])

    return great_expectations


def _specs(settings: Settings, company: Company) -> Iterator[dg.AssetCheckSpec]:
    suites = [
        suite
        for contract in company.contracts
        for suite in landing_suites(contract, settings.landing, datetime.min.replace(year=2000), company.error_rate)
    ]
    contracts = load_output_contracts()
    for suite in suites:  # they warn only: a batch that must not count was held when it landed
        for check in suite.checks:
            yield _spec(suite, check, deps=[CONTROL])
    for contract in contracts.values():
        if contract.is_model:
            yield dg.AssetCheckSpec(
                AS_PROMISED,
                asset=asset_key(contract.asset),
                blocking=True,
                description=f"Columns, types, nulls and meanings are those of {contract.file.name}.",
            )
    for suite in table_suites(contracts):
        for check in suite.checks:
            yield _spec(suite, check, blocking=check.severity == "block")


def _spec(suite: Suite, check: Check, *, blocking: bool = False, deps: Sequence[dg.AssetKey] = ()) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        check.name,
        asset=asset_key(suite.asset),
        additional_deps=deps,
        blocking=blocking,
        description=f"{check.name.replace('_', ' ')}; severity {check.severity}",
    )


def _assets(context: dg.AssetCheckExecutionContext) -> set[str]:
    """Dagster runs what was received and what was published as two steps."""
    return {key.asset_key.to_user_string() for key in context.selected_asset_check_keys}
