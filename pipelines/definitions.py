"""What Dagster loads: a company's folder as assets, checks, jobs, schedule and sensors.

Put here: assembly only. Keep out: everything else.
"""

from __future__ import annotations

import dagster as dg

from pipelines.dbt import dbt_resource, prepare_project
from pipelines.defs.automation import build_jobs, build_schedule, build_sensors
from pipelines.defs.checks import build_checks
from pipelines.defs.control import build_control_asset
from pipelines.defs.identity import build_identity_assets
from pipelines.defs.journey_pages import build_journey_pages_asset
from pipelines.defs.landing import build_landing_assets
from pipelines.defs.publish import build_publish_asset
from pipelines.defs.reconcile import build_reconciliation
from pipelines.defs.warehouse import build_dbt_assets
from pipelines.defs.watch import build_watch
from pipelines.keys import PUBLISHED_LAYERS
from pipelines.settings import Settings
from quality.company import load_company


def build_defs(settings: Settings, console: dg.LoggerDefinition = dg.colored_console_logger) -> dg.Definitions:
    """Everything Dagster shows and runs for one company; `console` receives what a run says."""
    company = load_company(settings.company)
    project = prepare_project(settings, company)
    landing = build_landing_assets(settings, company)
    models = build_dbt_assets(project)
    tables = sorted(key for key in models.keys if key.path[0] in PUBLISHED_LAYERS)
    checks = [build_checks(settings, company), build_watch(settings, company), build_reconciliation(settings, company)]
    jobs = build_jobs(landing, checks)
    return dg.Definitions(
        assets=[
            *landing,
            build_control_asset(settings, company),
            build_identity_assets(settings, company),
            models,
            build_publish_asset(settings, tables),
            build_journey_pages_asset(settings),
        ],
        asset_checks=checks,
        jobs=jobs,
        schedules=[build_schedule(company)],
        sensors=build_sensors(settings, company, jobs),
        resources={"dbt": dbt_resource(settings)},
        executor=dg.in_process_executor,
        loggers={"console": console},
    )


@dg.definitions
def defs() -> dg.Definitions:
    return build_defs(Settings.from_env())
