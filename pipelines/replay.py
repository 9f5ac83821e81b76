"""One version of a journey made anew from the stored interactions: when that may be done, and what is noted of it.

Put here: the Dagster resource a replay is asked for with.
Keep out: which rows are rewritten (dbt_project/macros/journeys), counting them (pipelines/journeys/replayed.py).
"""

from __future__ import annotations

import json
from dataclasses import asdict

import dagster as dg
from pydantic import Field

from pipelines.basis import read_basis
from pipelines.journeys.replayed import Replayed, count_replayed
from pipelines.keys import FCT_JOURNEYS, REPLAY
from pipelines.settings import Settings
from pipelines.unchanged import is_whole_build
from pipelines.warehouse import open_warehouse

ACTION = "replay journey"  # in the audit log
PLANNED = "int.int_journey_build__planned"  # a replay that did not come to its end is told there to the next build


class Replay(dg.ConfigurableResource):
    """Which version of which journey job `replay_journey` replays, for whom and why; of no use to other jobs."""

    version: str = Field("", description="JOURNEY@VERSION, such as buy_plan@1.")
    actor: str = Field("", description="Who replays; goes to the audit log.")
    reason: str = Field("", description="Why; goes to the audit log.")

    def begin(self, context: dg.AssetExecutionContext, settings: Settings) -> list[str]:
        """Arguments of dbt: none in a build.

        Raises:
            dg.Failure: a replay that may not be done, or is not asked for by its job.
        """
        if context.job_name != REPLAY:
            if self.version:
                raise dg.Failure(f"replay: only job {REPLAY} takes a version", allow_retries=False)
            return []
        from pipelines import audit  # importing it takes long

        try:
            audit.refuse_empty(version=self.version, actor=self.actor, reason=self.reason)
        except ValueError as fault:
            raise dg.Failure(f"resource replay: {fault}", allow_retries=False) from fault
        if fault := find_fault(context.instance, settings, self.version):
            raise dg.Failure(fault, allow_retries=False)
        return ["--vars", json.dumps({"replays": self.version})]

    def end(self, context: dg.AssetExecutionContext, settings: Settings) -> None:
        """Note what was replayed, in the audit log and at its facts; nothing after a build."""
        if context.job_name != REPLAY:
            return
        counted = note_replay(settings, self.version, self.actor, self.reason)
        told = {"version": self.version, "replayed": dg.MetadataValue.json([asdict(one) for one in counted])}
        context.log_event(dg.AssetObservation(FCT_JOURNEYS, metadata=told))


def find_fault(instance: dg.DagsterInstance, settings: Settings, version: str) -> str | None:
    """Why a version cannot be replayed: what is stored must be what one whole build left."""
    basis = read_basis(settings.home)
    run = basis and instance.get_run_by_id(basis.run_id)
    if run is None or not is_whole_build(run):
        return f"{settings.home}: the last build did not come to its end; run `c360 run`, then replay"
    with open_warehouse(settings) as connection:
        known = [key for (key,) in connection.execute("select journey_key from control.journeys order by 1").fetchall()]
        planned = connection.execute(f"from {PLANNED}")
        names, [values] = [column[0] for column in planned.description], planned.fetchall()
    left = dict(zip(names, values, strict=True)).get("replays")  # a build of an earlier release says nothing of it
    if version not in known:
        return f"JOURNEY@VERSION: no journey {version!r}; allowed: {', '.join(known)}"
    if left not in (None, version):
        return f"{settings.home}: the replay of {left} did not come to its end; replay it again, or run `c360 run`"
    return None


def note_replay(settings: Settings, version: str, actor: str, reason: str) -> list[Replayed]:
    """Count what the replay changed since what is published, write the entry, and end the replay."""
    from pipelines import audit
    from pipelines.state import open_state, write_state

    with open_warehouse(settings) as connection:
        connection.execute(f"attach '{settings.published}' as published (read_only)")
        counted = count_replayed(connection, version)
        sums = {name: sum(getattr(one, name) for one in counted) for name in ("before", "after", "changed")}
        told = "rows of facts: {before:,} before, {after:,} after, {changed:,} changed".format(**sums)
        with write_state(open_state(settings.state_url, audit.METADATA)) as state:
            audit.record(state, actor=actor, action=ACTION, object=version, reason=f"{reason} ({told})")
        connection.execute(f"update {PLANNED} set replays = null")
    return counted


def read_replay(instance: dg.DagsterInstance, run_id: str) -> list[Replayed]:
    """What a replay noted at its facts; nothing where it did not come so far."""
    for record in instance.fetch_observations(FCT_JOURNEYS, limit=5).records:
        if record.run_id == run_id:
            return [Replayed(**one) for one in record.asset_observation.metadata["replayed"].data]
    return []
