"""Every dbt model of the rendered project as an asset, every dbt test as an asset check.

Put here: how dbt is called. Keep out: names and groups (pipelines/dbt.py).
"""

import dagster as dg
from dagster_dbt import DagsterDbtTranslatorSettings, DbtCliResource, DbtProject, dbt_assets

from pipelines.dbt import Translator, tell_figures
from pipelines.keys import WRITER_POOL
from pipelines.replay import Replay
from pipelines.settings import Settings
from quality.company import Company


def build_dbt_assets(settings: Settings, project: DbtProject, company: Company) -> dg.AssetsDefinition:
    """Dagster splits the set around identity by itself; hence `buildable`: a test waits for all its parents."""

    @dbt_assets(
        manifest=project.manifest_path,
        dagster_dbt_translator=Translator(
            settings=DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)
        ),
        name="dbt",
        pool=WRITER_POOL,
    )
    def warehouse(context: dg.AssetExecutionContext, dbt: DbtCliResource, replay: Replay):
        from pipelines.lineage import keep_models, tell_lineage

        asked = replay.begin(context, settings)
        call = dbt.cli(["build", "--indirect-selection", "buildable", *asked], context=context)
        events = tell_figures(call.stream(), call.process.pid)
        yield from tell_lineage(events, company, project.project_dir, call.target_path)
        keep_models(call.target_path, project.project_dir)
        replay.end(context, settings)

    return warehouse
