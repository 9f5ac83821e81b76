"""The asset that opens a build: manifest, company facts, compiled journeys, definitions as warehouse tables.

Put here: the Dagster side only. Keep out: what the tables hold (pipelines/control.py).
"""

import dagster as dg

from pipelines.basis import Basis, hash_state, note_basis
from pipelines.keys import CONTROL, WRITER_POOL, landing_key
from pipelines.meter import Meter
from pipelines.settings import Settings
from quality.company import Company


def build_control_asset(settings: Settings, company: Company, files: str) -> dg.AssetsDefinition:
    """Args: files: digest of the files these definitions were loaded from (pipelines/basis.py)."""

    @dg.asset(
        key=CONTROL,
        deps=[landing_key(c.dataset) for c in company.contracts],
        group_name="control",
        owners=["team:data-platform"],
        kinds={"duckdb"},
        pool=WRITER_POOL,
        description="One row per run, with the manifest, touchpoints, definitions and compiled journeys beside it: "
        "everything dbt and identity read that is not a source row.",
    )
    def control(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        from pipelines.control import write_control
        from pipelines.ingest.manifest import Manifest
        from pipelines.publish.quarantine_counts import write_quarantine_counts
        from pipelines.warehouse import open_warehouse

        note_basis(settings.home, Basis(context.run_id, files, hash_state(settings)))
        meter, manifest = Meter(), Manifest(settings.state_url)
        with open_warehouse(settings) as connection:
            as_of = write_control(
                connection,
                company,
                manifest,
                run_id=context.run_id,
                as_of=settings.as_of,
                released=settings.released,
            )
            write_quarantine_counts(connection, manifest, settings.quarantine)
        return dg.MaterializeResult(metadata={"as_of": as_of.isoformat(), **meter.read()})

    return control
