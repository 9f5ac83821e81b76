"""One day and one dataset land alone: by the choice a command makes, and as a partition or a range of them in Dagster.

Put here: what of the shop has landed afterwards. Keep out: builds (test_replay.py, test_failures.py).
"""

from __future__ import annotations

from datetime import date

import dagster as dg
import pytest
from corner_shop_home import CornerShop
from typer.testing import CliRunner

from pipelines.arrivals import Arrivals
from pipelines.cli import app
from pipelines.ingest.manifest import Manifest
from pipelines.keys import LAND, landing_key
from pipelines.landing_definitions import build_landing_defs
from pipelines.settings import Settings
from pipelines.terminal import console
from quality.company import load_company

ORDERS = landing_key("orders")
RANGE = {"dagster/asset_partition_range_start": "2026-01-05", "dagster/asset_partition_range_end": "2026-01-06"}


@pytest.fixture
def shop(tmp_path):
    return CornerShop(tmp_path)


def _land(shop: CornerShop, **chosen) -> set[tuple[str, str]]:
    """Run job `land`; returns what has landed, by dataset and day."""
    settings = Settings.from_env(
        {"C360_DATA": str(shop.sources), "C360_FILE_SETTLE": "0"}, company=shop.company, home=shop.home
    )
    shop.home.mkdir(exist_ok=True)
    definitions = build_landing_defs(settings, load_company(shop.company), dg.colored_console_logger)
    with dg.DagsterInstance.ephemeral() as instance:
        assert definitions.resolve_job_def(LAND).execute_in_process(instance=instance, **chosen).success
    parts = Manifest(settings.state_url).arrow().to_pylist()
    return {(part["dataset"], f"{part['arrived_on']}") for part in parts if part["state"] == "current"}


@pytest.mark.parametrize(
    ("arrivals", "landed"),
    [
        (Arrivals(day=date(2026, 1, 5)), {("customers", "2026-01-05"), ("page_views", "2026-01-05")}),
        (Arrivals(("orders",)), {("orders", "2026-01-06")}),
        (Arrivals(("orders", "parcels"), date(2026, 1, 7)), {("parcels", "2026-01-07")}),
        (Arrivals(("orders",), date(2026, 1, 5)), set()),
    ],
    ids=["one day", "one dataset", "one day of two datasets", "a day on which nothing of it arrived"],
)
def test_only_what_was_chosen_lands(shop, arrivals, landed):
    assert _land(shop, **arrivals.choose()) == landed


def test_a_range_of_days_of_one_dataset_is_one_run_of_dagster(shop):
    assert _land(shop, asset_selection=[ORDERS], tags=RANGE) == {("orders", "2026-01-06")}


def test_a_day_that_is_landed_again_replaces_what_was_corrected_and_leaves_the_other_days(shop):
    shop.put_orders("2026-01-07", [("O4", "C4")])
    _land(shop, **Arrivals().choose())
    shop.put_orders("2026-01-06", [("O1", "C1")])
    shop.put_orders("2026-01-07", [("O5", "C5")])
    _land(shop, **Arrivals(("orders",), date(2026, 1, 6)).choose())

    parts = Manifest(f"sqlite:///{shop.home / 'state.db'}").arrow().to_pylist()
    rows = {(str(p["arrived_on"]), p["state"]): p["landed"] for p in parts if p["dataset"] == "orders"}
    assert rows == {("2026-01-06", "replaced"): 3, ("2026-01-06", "current"): 1, ("2026-01-07", "current"): 1}
    assert {p["state"] for p in parts if p["dataset"] != "orders"} == {"current"}


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["ordres"], "DATASET: no dataset ordres; allowed: customers, orders, page_views, parcels"),
        (["--day", "1999-01-01"], "--day: seen 1999-01-01; allowed: 2026-01-05 (first_day of company.yml) to "),
        ([], "backfill: neither a dataset nor --day is given"),
    ],
)
def test_a_choice_that_is_none_is_refused_before_anything_lands(shop, arguments, fault):
    with console.capture() as told:
        done = CliRunner().invoke(app, ["backfill", *arguments, *map(str, shop.place)])
    assert (done.exit_code, told.get().startswith(fault)) == (1, True), told.get()
    assert not shop.home.exists()
