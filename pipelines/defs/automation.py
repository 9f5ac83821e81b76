"""When runs start by themselves: two jobs, a daily schedule, an inbox sensor, and build after land.

Put here: jobs, schedules, sensors. Keep out: assets.
"""

import hashlib
from datetime import UTC, datetime

import dagster as dg

from pipelines.ingest.files import find_files
from pipelines.keys import BUILD, CATCH_UP, LAND, LANDING, RELEASE
from pipelines.settings import Settings
from pipelines.unchanged import find_same_build, observe_unchanged
from quality.company import Company

COUNTED = [  # builds that have taken up what landed, or will
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.SUCCESS,
]


def build_jobs(landing: list[dg.AssetsDefinition], checks: list[dg.AssetChecksDefinition]) -> list:
    """`land` is partitioned by arrival day; `build` takes up whatever has landed, and runs the checks."""
    landed, checked = dg.AssetSelection.assets(*landing), dg.AssetSelection.checks(*checks)
    return [
        dg.define_asset_job(LAND, landed - checked, description="Land what arrived on the chosen days."),
        dg.define_asset_job(
            BUILD,
            (dg.AssetSelection.all() - landed) | checked,
            description="Standardise, resolve, model, check, publish.",
        ),
    ]


def build_schedule(company: Company) -> dg.ScheduleDefinition:
    @dg.schedule(
        name="daily_land", job_name=LAND, cron_schedule="0 3 * * *", execution_timezone=company.timezone,
        description="Every night: land what has arrived and not landed yet. `build` follows by itself.",
    )  # fmt: skip
    def daily_land(context: dg.ScheduleEvaluationContext):
        today = context.scheduled_execution_time.astimezone(UTC).date().isoformat()  # partitions are days of UTC
        return dg.RunRequest(run_key=today, partition_key=today, tags={CATCH_UP: "true"})

    return daily_land


def build_sensors(settings: Settings, company: Company, jobs: list) -> list[dg.SensorDefinition]:
    build = next(job for job in jobs if job.name == BUILD)
    return [
        _inbox(settings, company),
        _after(
            settings,
            build,
            "build_after_land",
            dg.DagsterRunStatus.SUCCESS,
            "Builds after every landing that brought something new, backfills too.",
        ),
        _after(
            settings,
            build,
            "build_after_failed_land",
            dg.DagsterRunStatus.FAILURE,
            "Builds also when a dataset could not be landed: only that one stands on its last good state.",
        ),
    ]


def _inbox(settings: Settings, company: Company) -> dg.SensorDefinition:
    @dg.sensor(
        name="new_files",
        job_name=LAND,
        minimum_interval_seconds=30,
        description="Lands new or changed source files as they appear; the same listing twice starts nothing.",
    )
    def new_files(context: dg.SensorEvaluationContext):
        listing = _list_sources(settings, company)
        if listing == context.cursor:
            return dg.SkipReason("No file appeared or changed.")
        context.update_cursor(listing)
        waiting = dg.RunsFilter(job_name=LAND, statuses=[dg.DagsterRunStatus.QUEUED], tags={CATCH_UP: "true"})
        if context.instance.get_runs_count(waiting):
            return dg.SkipReason("A landing that waits its turn will find the files.")
        today = datetime.now(UTC).date().isoformat()
        return dg.RunRequest(partition_key=today, tags={CATCH_UP: "true"})  # no run key: an older listing may come back

    return new_files


def _list_sources(settings: Settings, company: Company) -> str:
    """Fingerprint of names, sizes and times of every source file."""
    seen = hashlib.md5()
    for contract in company.contracts:
        if contract.server.kind != "file":
            continue
        for file in find_files(contract, settings.environ):
            status = file.path.stat()
            seen.update(f"{file.uri}|{status.st_size}|{status.st_mtime_ns}\n".encode())
    return seen.hexdigest()


def _after(settings: Settings, build, name: str, status: dg.DagsterRunStatus, description: str) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=name,
        run_status=status,
        request_job=build,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=description,
    )
    def follow(context: dg.RunStatusSensorContext):
        if not _is_landing(context.dagster_run):
            return dg.SkipReason("Not a landing.")
        if _is_taken_up(context.instance, context.dagster_run.run_id):
            return dg.SkipReason("A build that waits its turn, or began since, takes up what landed.")
        if same := find_same_build(context.instance, settings):
            observe_unchanged(context.instance, same)
            return dg.SkipReason(f"Nothing new since run {same}.")
        return dg.RunRequest(run_key=context.dagster_run.run_id)

    return follow


def _is_landing(run: dg.DagsterRun) -> bool:
    """Whether a run landed something; a release did, and one started from the asset graph is no run of job `land`."""
    return run.job_name in (LAND, RELEASE) or any(key.path[0] == LANDING for key in run.asset_selection or ())


def _is_taken_up(instance: dg.DagsterInstance, landing: str) -> bool:
    """Whether a build is still to start, or started after the landing ended."""
    ended = instance.get_run_record_by_id(landing).end_time
    builds = instance.get_run_records(dg.RunsFilter(job_name=BUILD, statuses=COUNTED), limit=10)
    return any(build.start_time is None or build.start_time >= ended for build in builds)
