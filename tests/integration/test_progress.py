"""What is told while a run goes on. Put here: lines of a run by themselves. Keep out: whole runs (test_failures.py)."""

import dagster as dg

from pipelines.run import progress_logger


def test_a_run_tells_its_assets_and_what_they_warn_of():
    @dg.asset
    def customers(context: dg.AssetExecutionContext):
        context.log.info("nothing to worry about")
        context.log.warning("identity.yml: model.blocking: the model was trained under other rules")
        return dg.MaterializeResult(metadata={"dagster/row_count": 1200})

    said: list[str] = []
    job = dg.define_asset_job("build", [customers])
    defs = dg.Definitions(assets=[customers], jobs=[job], loggers={"console": progress_logger(said.append)})
    run_config = {"loggers": {"console": {}}}
    defs.resolve_job_def("build").execute_in_process(run_config=run_config, instance=dg.DagsterInstance.ephemeral())
    [warning, told] = said
    assert warning == "  ! identity.yml: model.blocking: the model was trained under other rules"
    assert told.endswith("s  customers  1,200 rows")
