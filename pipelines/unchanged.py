"""Whether a build would make anything new, and what Dagster is told where it would not.

Put here: what makes a build needless. Keep out: what a build is made from (basis.py), when runs start (defs).
"""

from __future__ import annotations

import dagster as dg

from pipelines.basis import hash_files, hash_state, read_basis
from pipelines.keys import BUILD, REFRESH, REPLAY, SMALL
from pipelines.publish.publish import STEWARD_NAME
from pipelines.settings import Settings


def find_same_build(instance: dg.DagsterInstance, settings: Settings) -> str | None:
    """The run id of the last build, where it came to its end and another one would be made from the same; else None."""
    basis = read_basis(settings.home)
    if basis is None or not all(file.exists() for file in _results(settings)):
        return None
    if (settings.site / "index.html").stat().st_mtime < settings.published.stat().st_mtime:
        return None  # small runs left the site as it was
    run = instance.get_run_by_id(basis.run_id)
    if run is None or not is_whole_build(run) or _is_replay_left(instance, run):
        return None
    is_same = basis.state == hash_state(settings) and basis.files == hash_files(settings.company)
    return basis.run_id if is_same else None


def is_whole_build(run: dg.DagsterRun) -> bool:
    """Whether a run made everything: it went well, was not of some assets alone, nor went on where another failed.

    The inbox sensor chooses among datasets to land, and takes everything else with them.
    """
    is_chosen = bool(run.asset_selection) and SMALL not in run.tags
    return run.is_success and run.job_name in (BUILD, REFRESH) and not is_chosen and not run.parent_run_id


def _is_replay_left(instance: dg.DagsterInstance, build: dg.DagsterRun) -> bool:
    """Whether a replay since that build did not come to its end."""
    replays = instance.get_run_records(dg.RunsFilter(job_name=REPLAY), limit=1)
    if not replays or replays[0].dagster_run.is_success:
        return False
    return replays[0].create_timestamp > instance.get_run_record_by_id(build.run_id).create_timestamp


def observe_unchanged(instance: dg.DagsterInstance, run_id: str) -> int:
    """Note at every asset of a build that it is still up to date; returns how many there are."""
    made = instance.get_records_for_run(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION).records
    keys = {record.asset_key for record in made}
    told = {"unchanged_since": dg.MetadataValue.dagster_run(run_id)}
    for key in sorted(keys):
        seen = dg.AssetObservation(key, description=f"Nothing new since run {run_id}.", metadata=told)
        instance.report_runless_asset_event(seen)
    return len(keys)


def _results(settings: Settings) -> tuple:
    site = settings.site / "index.html"
    return settings.warehouse, settings.marts, settings.published, settings.private / STEWARD_NAME, site
