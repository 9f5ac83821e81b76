"""When runs start by themselves: their jobs, a daily schedule, an inbox sensor, and build after land.

Put here: jobs, schedules, sensors. Keep out: assets.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import dagster as dg

from pipelines.basis import read_basis
from pipelines.keys import (
    BUILD,
    CATCH_UP,
    CONTROL,
    JOURNEY_PLAN,
    JOURNEYS_BUILT,
    LAND,
    LANDING,
    LANDING_CHECKS,
    OPERATIONS,
    REFRESH,
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
    """`land` is partitioned by arrival day; `build` takes up whatever has landed, and checks; `refresh` does both;
    `replay_journey` makes one version of a journey anew (resource `replay` says which), and what depends on journeys.
    """
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
            REFRESH,
            dg.AssetSelection.all() - operations,
            description="Land and build in one run: what the inbox sensor starts, for the datasets that changed.",
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


def build_sensors(
    settings: Settings, company: Company, jobs: list, built: Sequence[dg.AssetsDefinition]
) -> list[dg.SensorDefinition]:
    """Args: built: assets and checks of a build."""
    build = next(job for job in jobs if job.name == BUILD)
    return [
        _inbox(settings, company, built),
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


def _inbox(settings: Settings, company: Company, built: Sequence[dg.AssetsDefinition]) -> dg.SensorDefinition:
    assets = sorted(key for made in built for key in made.keys)
    checks = sorted(key for made in built for key in made.check_keys)

    @dg.sensor(
        name="new_files",
        job_name=REFRESH,
        minimum_interval_seconds=INTERVAL,
        description="Lands a dataset, and builds, as new or changed files of it appear, or new rows of its table; the "
        "same twice starts nothing.",
    )
    def new_files(context: dg.SensorEvaluationContext):
        from pipelines.ingest.glance import glance

        before = _read_cursor(context.cursor)
        seen = {c.dataset: glance(c, settings.environ) or before.get(c.dataset) for c in company.contracts}
        changed = [landing_key(dataset) for dataset, said in seen.items() if said != before.get(dataset)]
        if not changed:
            return dg.SkipReason("Nothing appeared or changed.")
        context.update_cursor(json.dumps(seen))
        waiting = dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED], tags={CATCH_UP: "true"})
        if any(lands_all(run, changed) for run in context.instance.get_runs(waiting)):
            return dg.SkipReason("A landing that waits its turn will find it.")
        today = datetime.now(UTC).date().isoformat()
        return dg.RunRequest(  # no run key: an older listing may come back
            partition_key=today,
            asset_selection=[*changed, *assets],
            asset_check_keys=[*(dg.AssetCheckKey(key, check) for key in changed for check in LANDING_CHECKS), *checks],
            tags={CATCH_UP: "true", SMALL: "true"},
        )

    return new_files


def lands_all(run: dg.DagsterRun, datasets: Iterable[dg.AssetKey]) -> bool:
    """Whether a landing takes in all of these; one of no selection takes in everything. One that goes on where another
    was killed leaves out what that one had landed."""
    return not run.parent_run_id and (not run.asset_selection or run.asset_selection >= set(datasets))


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
        if _has_built(settings, context.dagster_run, status):
            return dg.SkipReason("It took up itself what it landed.")
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
    return run.job_name in (LAND, RELEASE, REFRESH) or any(key.path[0] == LANDING for key in run.asset_selection or ())


def _has_built(settings: Settings, run: dg.DagsterRun, status: dg.DagsterRunStatus) -> bool:
    """Whether a run that was to build what it landed came to that; one whose landing failed did not."""
    if run.job_name != REFRESH or CONTROL not in (run.asset_selection or {CONTROL}):
        return False
    basis = read_basis(settings.home)
    return status == dg.DagsterRunStatus.SUCCESS or (basis is not None and basis.run_id == run.run_id)


def _is_taken_up(instance: dg.DagsterInstance, landing: str) -> bool:
    """Whether a build is still to start, or started after the landing ended; not one that goes on where another was
    killed, on what that one had taken up."""
    ended = instance.get_run_record_by_id(landing).end_time
    builds = [
        record
        for job in (BUILD, REFRESH)
        for record in instance.get_run_records(dg.RunsFilter(job_name=job, statuses=COUNTED), limit=10)
        if not record.dagster_run.parent_run_id
    ]
    return any(build.start_time is None or build.start_time >= ended for build in builds)
