"""Checks nobody has to write, as asset checks: whether what arrived is usual for its dataset.

Put here: the Dagster side only. Keep out: what is measured and what is usual (quality/watch).
"""

from collections.abc import Iterator

import dagster as dg

from pipelines.asset_checks import check_key, told
from pipelines.keys import CONTROL, WRITER_POOL, landing_key
from pipelines.settings import Settings
from pipelines.warehouse import open_warehouse
from quality.company import Company
from quality.watch.judge import judge_arrivals, name_severity, watches_of
from quality.watch.profile import update_profiles

#: On what opens a build: what landed is known to the warehouse by then, and all that is built comes after.
BLOCKING = dg.AssetCheckKey(CONTROL, "watches_that_block_found_nothing")


def build_watch(settings: Settings, company: Company) -> dg.AssetChecksDefinition:
    """All watches of all datasets as one op: parts are profiled once, and every query judges all datasets."""

    @dg.multi_asset_check(name="arrivals_watched", specs=list(_specs(company)), pool=WRITER_POOL, can_subset=True)
    def arrivals_watched(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        with open_warehouse(settings) as connection:
            as_of = connection.execute("select as_of from control.run").fetchone()[0]
            profiled = update_profiles(connection, company, settings.landing)
            results = judge_arrivals(connection, company, as_of)
        context.log.info(f"{profiled} parts profiled")
        yield from (told(r) for r in results if check_key(r) in context.selected_asset_check_keys)
        if BLOCKING in context.selected_asset_check_keys:
            failed = [f"{r.asset}: {r.check}" for r in results if r.blocks]
            yield dg.AssetCheckResult(
                asset_key=BLOCKING.asset_key, check_name=BLOCKING.name, passed=not failed, metadata={"failed": failed}
            )

    return arrivals_watched


def _specs(company: Company) -> Iterator[dg.AssetCheckSpec]:
    severities = set()
    for contract in company.contracts:
        for watch in watches_of(contract, company):
            severity = name_severity(contract, watch)
            severities.add(severity)
            yield dg.AssetCheckSpec(
                watch.name,
                asset=landing_key(contract.dataset),
                additional_deps=[CONTROL],
                description=f"Allowed: {watch.usual}; severity {severity}",
            )
    if "block" in severities:
        yield dg.AssetCheckSpec(
            BLOCKING.name,
            asset=BLOCKING.asset_key,
            blocking=True,
            description="No watch of severity `error` found anything; `failed` names those that did, at their dataset.",
        )
