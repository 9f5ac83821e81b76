"""What Dagster loads: a company's folder as assets, checks, jobs, schedule and sensors.

Put here: assembly only. Keep out: everything else.
"""

from __future__ import annotations

import dagster as dg

from pipelines.basis import hash_files
from pipelines.dbt import dbt_resource, prepare_project
from pipelines.defs.alerts import build_alert_sensors
from pipelines.defs.automation import build_jobs, build_schedule, build_sensors
from pipelines.defs.backup import build_backup_assets, build_backup_jobs, build_backup_schedules
from pipelines.defs.checks import build_checks
from pipelines.defs.control import build_control_asset
from pipelines.defs.governance_site import build_governance_site_asset
from pipelines.defs.identity import build_identity_assets
from pipelines.defs.journey_pages import build_journey_pages_asset
from pipelines.defs.landing import build_landing_assets
from pipelines.defs.lineage import build_lineage_asset
from pipelines.defs.publish import build_publish_asset
from pipelines.defs.quarantine import build_release_job
from pipelines.defs.reconcile import build_reconciliation
from pipelines.defs.turns import build_executor
from pipelines.defs.warehouse import build_dbt_assets
from pipelines.defs.watch import build_watch
from pipelines.keys import LINEAGE, PUBLISHED_LAYERS
from pipelines.replay import Replay
from pipelines.settings import Settings
from quality.company import load_company
from quality.promises.gate_output import require_right_contracts


def build_defs(settings: Settings, console: dg.LoggerDefinition = dg.colored_console_logger) -> dg.Definitions:
    """Everything Dagster shows and runs for one company; `console` receives what a run says."""
    files = hash_files(settings.company)
    company = load_company(settings.company)
    require_right_contracts()
    project = prepare_project(settings, company, files)
    landing = build_landing_assets(settings, company)
    models = build_dbt_assets(settings, project, company, files)
    tables = sorted(key for key in models.keys if key.path[0] in PUBLISHED_LAYERS)
    checks = [
        build_checks(settings, company, files),
        build_watch(settings, company),
        build_reconciliation(settings, company),
    ]
    jobs = build_jobs(landing, checks)
    built = [
        build_control_asset(settings, company, files),
        build_identity_assets(settings, company),
        models,
        build_lineage_asset(settings, company, tables, files),
        build_publish_asset(settings, [*tables, LINEAGE]),
        build_journey_pages_asset(settings),
        build_governance_site_asset(settings, company),
    ]
    assets = [*landing, *built, *build_backup_assets(settings)]
    sensors = build_sensors(settings, company, jobs, [*built, *checks])
    return dg.Definitions(
        assets=assets,
        asset_checks=checks,
        jobs=[*jobs, build_release_job(settings), *build_backup_jobs()],
        schedules=[build_schedule(company), *build_backup_schedules(company)],
        sensors=[*sensors, *build_alert_sensors(settings, company, assets)],
        resources={"dbt": dbt_resource(settings), "replay": Replay.configure_at_launch()},
        executor=build_executor(settings),
        loggers={"console": console},
    )


@dg.definitions
def defs() -> dg.Definitions:
    return build_defs(Settings.from_env())
