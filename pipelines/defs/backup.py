"""Backups and the restore drill as assets of their own jobs; their schedules start stopped.

Put here: the Dagster side only. Keep out: what a backup is, what a drill does (pipelines/backup).
"""

from typing import TYPE_CHECKING

import dagster as dg

from pipelines.backup.errors import BackupError
from pipelines.keys import BACKUP, OPERATIONS, RESTORE_DRILL, WRITER_POOL
from pipelines.settings import Settings
from quality.company import Company

if TYPE_CHECKING:
    from pipelines.backup.drill import Drill

RESTORED = "restored_marts_equal_the_published"
BACK_UP, DRILL = "backup", "restore_drill"
OF_OPERATIONS = {"group_name": OPERATIONS, "owners": ["team:data-platform"], "pool": WRITER_POOL}


def build_backup_assets(settings: Settings) -> list[dg.AssetsDefinition]:
    """Both take their turn among the runs that write: a backup then holds no landing that is not built yet, and a drill
    does not share the memory with a build."""

    @dg.asset(
        key=BACKUP,
        kinds={"file"},
        description="What of the home cannot be made again, copied to C360_BACKUPS; only what is not there yet.",
        **OF_OPERATIONS,
    )
    def backup(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from pipelines.backup.take import take_backup

        why = {"by": "job backup", "reason": context.run_id, "keep": settings.backups_kept}
        done = _or_fail(take_backup, settings, _target(settings), **why)
        return dg.MaterializeResult(
            metadata={
                "backup": done.backup.name,
                "files": len(done.backup.files),
                "bytes": done.backup.bytes,
                "files_copied": done.copied,
                "bytes_copied": done.copied_bytes,
            }
        )

    @dg.asset(
        key=RESTORE_DRILL,
        deps=[BACKUP],
        kinds={"duckdb"},
        check_specs=[dg.AssetCheckSpec(RESTORED, asset=RESTORE_DRILL, description="A home made of the latest backup "
                                       "and built from landing publishes the rows the backup had published.")],
        description="The latest backup, restored into a scratch folder of the home, built there and compared.",
        **OF_OPERATIONS,
    )  # fmt: skip
    def restore_drill() -> dg.MaterializeResult:
        from pipelines.backup.drill import run_drill

        drill = _or_fail(run_drill, settings, _target(settings))
        figures = {
            "backup": drill.backup,
            "recovery_point_s": round(drill.recovery_point_s, 1),
            "recovery_time_s": round(drill.recovery_time_s, 1),
            "readable_after_s": round(drill.restore_s, 1),
            "tables": drill.tables,
        }
        return dg.MaterializeResult(metadata=figures, check_results=[judge_drill(drill)])

    return [backup, restore_drill]


def build_backup_jobs() -> list:
    """A job for each; see `build_backup_schedules`."""
    return [
        dg.define_asset_job(BACK_UP, [BACKUP], description="Back the home up to C360_BACKUPS."),
        dg.define_asset_job(DRILL, [RESTORE_DRILL], description="Try whether the latest backup can be restored."),
    ]


def build_backup_schedules(company: Company) -> list[dg.ScheduleDefinition]:
    """Every night after `daily_land`, and every Sunday; both start stopped."""
    zone = {"execution_timezone": company.timezone}
    return [
        dg.ScheduleDefinition(name="daily_backup", job_name=BACK_UP, cron_schedule="0 5 * * *", **zone),
        dg.ScheduleDefinition(name="weekly_restore_drill", job_name=DRILL, cron_schedule="0 6 * * 0", **zone),
    ]


def judge_drill(drill: "Drill") -> dg.AssetCheckResult:
    """Red where a table differs; only a warning where parts landed after what was published, so that it must."""
    observed = f"recovery point {drill.recovery_point_s:.0f} s, recovery time {drill.recovery_time_s:.0f} s"
    if drill.differing:
        observed += f"; differ: {', '.join(drill.differing)}; {drill.waiting} parts were not in what was published"
    return dg.AssetCheckResult(
        passed=drill.ok,
        check_name=RESTORED,
        severity=dg.AssetCheckSeverity.WARN if drill.waiting else dg.AssetCheckSeverity.ERROR,
        metadata={
            "failing_rows": len(drill.differing),
            "threshold": f"0 of {drill.tables} tables differ",
            "observed": observed,
            "seconds": drill.recovery_time_s,
        },
    )


def _target(settings: Settings) -> str:
    if not settings.backups:
        raise dg.Failure("C360_BACKUPS is not set; name a folder or URL for backups in it", allow_retries=False)
    return settings.backups


def _or_fail(function, *arguments, **facts):
    """Call it; what is wrong with a backup is told without a traceback, and not tried again."""
    try:
        return function(*arguments, **facts)
    except BackupError as fault:
        raise dg.Failure(str(fault), allow_retries=False) from fault
