"""The first half of a run alone: landing needs no dbt, which takes seconds to import and to read.

Put here: assembly of the job `land`. Keep out: everything else Dagster loads (definitions.py).
"""

from __future__ import annotations

import dagster as dg

from pipelines.defs.landing import build_landing_assets
from pipelines.keys import LAND
from pipelines.settings import Settings
from quality.company import Company


def build_landing_defs(settings: Settings, company: Company, console: dg.LoggerDefinition) -> dg.Definitions:
    """The landing assets of a company and the job that lands them; `console` receives what a run says."""
    assets = build_landing_assets(settings, company)
    return dg.Definitions(
        assets=assets,
        jobs=[dg.define_asset_job(LAND, dg.AssetSelection.assets(*assets))],
        executor=dg.in_process_executor,
        loggers={"console": console},
    )
