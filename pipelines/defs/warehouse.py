"""Every dbt model of the rendered project as an asset, every dbt test as an asset check.

Put here: how dbt is called. Keep out: names and groups (pipelines/dbt.py).
"""

from functools import partial
from importlib import import_module
from threading import Thread

import dagster as dg
from dagster_dbt import DagsterDbtTranslatorSettings, DbtProject, dbt_assets
from dagster_dbt.asset_utils import DAGSTER_DBT_UNIQUE_ID_METADATA_KEY

from pipelines.dbt import InstalledDbt, Translator, every_node_chosen, tell_figures
from pipelines.keys import BUILD, REFRESH, WRITER_POOL
from pipelines.replay import Replay
from pipelines.settings import Settings
from pipelines.standing import find_bases, forget, note_made, take_standing
from pipelines.warehouse import open_warehouse
from quality.company import Company

#: Unit tests look at no data: they are `make test`'s.
CALL = ("--indirect-selection", "buildable", "--exclude-resource-type", "unit_test")


def build_dbt_assets(settings: Settings, project: DbtProject, company: Company, files: str) -> dg.AssetsDefinition:
    """Dagster splits the set around identity by itself; hence `buildable`: a test waits for all its parents.

    Args: files: digest of the files these definitions were loaded from (pipelines/basis.py).
    """

    def warehouse(context: dg.AssetExecutionContext, dbt: InstalledDbt, replay: Replay):
        from pipelines.lineage import keep_models, read_manifest, tell_lineage

        import_meanwhile("quality.gx.datasource")
        asked, manifest = replay.begin(context, settings), read_manifest(project.project_dir)
        selected = (spec for spec in context.assets_def.specs if spec.key in context.selected_asset_keys)
        keys = {spec.metadata[DAGSTER_DBT_UNIQUE_ID_METADATA_KEY]: spec.key for spec in selected}
        with open_warehouse(settings) as connection:
            bases, standing = find_bases(connection, manifest, files, keys.keys()), []
            if context.job_name in (BUILD, REFRESH):
                standing = take_standing(connection, manifest, bases, keys.keys())
            else:
                forget(connection, bases)
        for model in standing:
            yield dg.MaterializeResult(asset_key=keys[model], metadata={"unchanged": True})
        left = [word for model in standing for word in ("--exclude", manifest["nodes"][model]["name"])]
        call = dbt.cli(["build", *CALL, *asked, *left], context=context)
        events = tell_figures(call.stream(), partial(dbt.find_process, call))
        try:
            yield from tell_lineage(events, company, manifest, project.project_dir, call.target_path, files)
        finally:
            call.process.terminate()  # where we failed; else it has ended
            call.process.wait()
        keep_models(call.target_path, project.project_dir)
        with open_warehouse(settings) as connection:
            note_made(connection, {model: basis for model, basis in bases.items() if model not in standing})
        replay.end(context, settings)

    with every_node_chosen():
        of_dbt = dbt_assets(
            manifest=project.manifest_path,
            dagster_dbt_translator=Translator(
                settings=DagsterDbtTranslatorSettings(enable_duplicate_source_asset_keys=True)
            ),
            name="dbt",
            pool=WRITER_POOL,
        )
        return of_dbt(warehouse)


def import_meanwhile(module: str) -> None:
    """Import what a later step needs, while this process waits for another: Great Expectations takes seconds.

    SQLAlchemy's mapper is imported before: statements of this thread, as those of Dagster's event log, ask it as soon
    as it has begun to be imported, and fail where it is half there.
    """
    import_module("sqlalchemy.orm")
    Thread(target=import_module, args=(module,), daemon=True).start()
