"""When runs start by themselves: two jobs, a daily schedule, an inbox sensor, and build after land.

Put here: jobs, schedules, sensors. Keep out: assets.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

import dagster as dg

from pipelines.keys import (
    BUILD,
    CATCH_UP,
    JOURNEY_PLAN,
    JOURNEYS_BUILT,
    LAND,
    LANDING,
    LANDING_CHECKS,
    OPERATIONS,
    RELEASE,
    REPLAY,
    SMALL,
    landing_key,
)
from pipelines.settings import Settings
from pipelines.unchanged import find_same_build, observe_unchanged
from quality.company import Company

INTERVAL = 5  # seconds between two looks of a sensor: each adds to the time from arrival to publication
COUNTED = [  # builds that have taken up what landed, or will
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.SUCCESS,
]


def build_jobs(landing: list[dg.AssetsDefinition], checks: list[dg.AssetChecksDefinition]) -> list:
    """`land` is partitioned by arrival day; `build` takes up whatever has landed, and runs the checks; `replay_journey`
    makes one version of a journey anew (resource `replay` says which), and what depends on journeys."""
    landed, checked = dg.AssetSelection.assets(*landing), dg.AssetSelection.checks(*checks)
    operations = dg.AssetSelection.groups(OPERATIONS)
    replayed = dg.AssetSelection.assets(JOURNEY_PLAN).downstream() - dg.AssetSelection.assets(JOURNEYS_BUILT)
    return [
        dg.define_asset_job(LAND, landed - checked, description="Land what arrived on the chosen days."),
        dg.define_asset_job(
            BUILD,
            (dg.AssetSelection.all() - landed - operations) | checked,
            description="Standardise, resolve, model, check, publish.",
        ),
        dg.define_asset_job(
            REPLAY,
            replayed - operations,
            description="Make one version of a journey anew from the stored interactions, check, publish.",
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
        minimum_interval_seconds=INTERVAL,
        description="Lands a dataset as new or changed files of it appear, or new rows of its table; the same twice "
        "starts nothing.",
    )
    def new_files(context: dg.SensorEvaluationContext):
        from pipelines.ingest.glance import glance

        before = _read_cursor(context.cursor)
        seen = {c.dataset: glance(c, settings.environ) or before.get(c.dataset) for c in company.contracts}
        changed = [landing_key(dataset) for dataset, said in seen.items() if said != before.get(dataset)]
        if not changed:
            return dg.SkipReason("Nothing appeared or changed.")
        context.update_cursor(json.dumps(seen))
        waiting = dg.RunsFilter(job_name=LAND, statuses=[dg.DagsterRunStatus.QUEUED], tags={CATCH_UP: "true"})
        if any(lands_all(run, changed) for run in context.instance.get_runs(waiting)):
            return dg.SkipReason("A landing that waits its turn will find it.")
        today = datetime.now(UTC).date().isoformat()
        return dg.RunRequest(  # no run key: an older listing may come back
            partition_key=today,
            asset_selection=changed,
            asset_check_keys=[dg.AssetCheckKey(key, check) for key in changed for check in LANDING_CHECKS],
            tags={CATCH_UP: "true", SMALL: "true"},
        )

    return new_files


def lands_all(run: dg.DagsterRun, datasets: Iterable[dg.AssetKey]) -> bool:
    """Whether a landing takes in all of these; one of no selection takes in everything."""
    return not run.asset_selection or run.asset_selection >= set(datasets)


def _read_cursor(cursor: str | None) -> dict[str, str | None]:
    """What was seen last, by dataset; nothing where the cursor is none of ours."""
    try:
        said = json.loads(cursor or "{}")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _after(settings: Settings, build, name: str, status: dg.DagsterRunStatus, description: str) -> dg.SensorDefinition:
    @dg.run_status_sensor(
        name=name,
        run_status=status,
        request_job=build,
        minimum_interval_seconds=INTERVAL,
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
        tags = {SMALL: "true"} if SMALL in context.dagster_run.tags else {}
        return dg.RunRequest(run_key=context.dagster_run.run_id, tags=tags)

    return follow


def _is_landing(run: dg.DagsterRun) -> bool:
    """Whether a run landed something; a release did, and one started from the asset graph is no run of job `land`."""
    return run.job_name in (LAND, RELEASE) or any(key.path[0] == LANDING for key in run.asset_selection or ())


def _is_taken_up(instance: dg.DagsterInstance, landing: str) -> bool:
    """Whether a build is still to start, or started after the landing ended."""
    ended = instance.get_run_record_by_id(landing).end_time
    builds = instance.get_run_records(dg.RunsFilter(job_name=BUILD, statuses=COUNTED), limit=10)
    return any(build.start_time is None or build.start_time >= ended for build in builds)
