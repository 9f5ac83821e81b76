"""The job that releases quarantine from the UI, in its turn among the runs that write to the home.

Put here: the Dagster side only. Keep out: what a release is (pipelines/ingest/release.py).
"""

import dagster as dg
from pydantic import Field

from pipelines.ingest.errors import LandingError
from pipelines.keys import RELEASE, WRITER_POOL, landing_key
from pipelines.settings import Settings


class Release(dg.Config):
    """What is released, by whom and why; without dataset, batch and rule all that is open."""

    actor: str = Field(description="Who releases; goes to the audit log.")
    reason: str = Field(description="Why; goes to the audit log.")
    dataset: str | None = Field(None, description="Only this dataset.")
    batch: str | None = Field(None, description="Only this batch, by the first digits of its id.")
    rule: str | None = Field(None, description="Only batches with a failure of this rule.")


def build_release_job(settings: Settings) -> dg.JobDefinition:
    """Job `release_quarantine`; a build follows it as it follows a landing."""

    @dg.op(name="release", pool=WRITER_POOL)  # a part is replaced, which must not happen under a build that reads it
    def _release(context: dg.OpExecutionContext, config: Release) -> None:
        from pipelines.ingest.quarantine import Choice
        from pipelines.releases import release_quarantine

        choice = Choice(config.dataset, config.batch, config.rule)
        try:
            results = release_quarantine(settings, choice, actor=config.actor, reason=config.reason)
        except (LandingError, ValueError) as fault:
            raise dg.Failure(str(fault), allow_retries=False) from fault
        for dataset, result in results.items():
            told = {"batches": len(result.released), "rows_released": sum(r.rows for r in result.released)}
            told |= {"cells_released": sum(r.cells for r in result.released), "messages": "; ".join(result.messages)}
            context.log_event(dg.AssetObservation(landing_key(dataset), metadata=told))

    @dg.job(name=RELEASE, description="Land what is in quarantine again, under the contracts as they are now.")
    def _job():
        _release()

    return _job
