"""A watch may block a build: the contract says so by its severity."""

from __future__ import annotations

from dataclasses import replace

import dagster as dg
import pytest

from pipelines.defs.control import build_control_asset
from pipelines.defs.landing import build_landing_assets
from pipelines.defs.watch import BLOCKING, build_watch
from pipelines.settings import REPOSITORY, Settings
from quality.company import load_company
from quality.contract import Rule


def definitions_of(tmp_path, severity: str) -> tuple[dg.Definitions, dg.AssetChecksDefinition]:
    settings = Settings.from_env({}, company=REPOSITORY / "companies" / "demo", home=tmp_path)
    company = load_company(settings.company)
    first, *others = company.contracts
    volume = Rule(
        "volume", "custom", severity, "mustBeLessThan", 50, percent=True, query="rows_are_usual_for_their_weekday"
    )
    company = replace(company, contracts=(replace(first, watched=(volume,)), *others))
    watch = build_watch(settings, company)
    opened = [*build_landing_assets(settings, company), build_control_asset(settings, company, "files")]

    @dg.asset(deps=[BLOCKING.asset_key])
    def built() -> None: ...

    return dg.Definitions(assets=[*opened, built], asset_checks=[watch]), watch


@pytest.mark.parametrize(("severity", "blocks"), [("warning", False), ("error", True)])
def test_only_a_watch_of_severity_error_holds_a_build_back(tmp_path, severity, blocks):
    definitions, watch = definitions_of(tmp_path, severity)
    blocking = [spec.key for spec in watch.check_specs if spec.blocking]
    assert blocking == ([BLOCKING] if blocks else [])
    job = definitions.resolve_implicit_global_asset_job_def()  # raises where a check waits for what it holds back
    held = job.asset_layer.asset_graph.get(dg.AssetKey("built")).parent_keys
    assert held == {BLOCKING.asset_key}
