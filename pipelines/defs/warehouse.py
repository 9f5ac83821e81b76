"""Every dbt model of the rendered project as an asset, every dbt test as an asset check.

Put here: how dbt is called. Keep out: names and groups (pipelines/dbt.py).
"""

from functools import partial
from importlib import import_module
from threading import Thread

import dagster as dg
from dagster_dbt import DagsterDbtTranslatorSettings, DbtProject, dbt_assets

from pipelines.dbt import InstalledDbt, Translator, tell_figures
from pipelines.keys import WRITER_POOL
from pipelines.replay import Replay
from pipelines.settings import Settings
from quality.company import Company

#: Unit tests look at no data: they are `make test`'s.
BUILD = ("--indirect-selection", "buildable", "--exclude-resource-type", "unit_test")


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
    def warehouse(context: dg.AssetExecutionContext, dbt: InstalledDbt, replay: Replay):
        from pipelines.lineage import keep_models, tell_lineage

        import_meanwhile("quality.gx.datasource")
        asked = replay.begin(context, settings)
        call = dbt.cli(["build", *BUILD, *asked], context=context)
        events = tell_figures(call.stream(), partial(dbt.find_process, call))
        yield from tell_lineage(events, company, project.project_dir, call.target_path)
        keep_models(call.target_path, project.project_dir)
        replay.end(context, settings)

    return warehouse


def import_meanwhile(module: str) -> None:
    """Import what a later step needs, while this process waits for another: Great Expectations takes seconds."""
    Thread(target=import_module, args=(module,), daemon=True).start()
