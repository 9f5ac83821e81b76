"""A run of Dagster that holds a batch and breaks a check: the sensor tells the owners, and no value of a customer."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
import yaml
from receivers import Hook, MailBox

from pipelines.defs.alerts import build_alert_sensors
from pipelines.defs.landing import build_landing_assets
from pipelines.keys import CATCH_UP
from pipelines.settings import Settings
from quality.company import load_company

sys.path.insert(0, str(Path(__file__).parents[1] / "integration"))

from corner_shop_home import CornerShop

TABLE = dg.AssetKey(["marts", "fct_orders"])


class Runs:
    """The corner shop's landing, with one table of a check that fails, run by Dagster into a home."""

    def __init__(self, folder: Path, **environ: str):
        self.shop = CornerShop(folder)
        file = self.shop.company / "company.yml"
        teams = {"shop": ["mailto:shop@shop.example"], "customer-data": ["${DATA_HOOK}"]}
        file.write_text(file.read_text() + yaml.safe_dump({"teams": teams}))
        environ["C360_DATA"] = str(self.shop.sources)
        self.settings = Settings.from_env(environ, company=self.shop.company, home=self.shop.home)
        self.settings.home.mkdir()
        self.company = load_company(self.shop.company)
        self.assets = [*build_landing_assets(self.settings, self.company), _build_table()]
        self.job = dg.Definitions(assets=self.assets).resolve_implicit_global_asset_job_def()

    def run(self) -> str:
        """Run everything for today, then let the sensor of how it ended look at the run; what the sensor said."""
        with dg.DagsterInstance.ephemeral() as instance:
            done = self.job.execute_in_process(
                instance=instance,
                partition_key=datetime.now(UTC).date().isoformat(),
                tags={CATCH_UP: "true"},
                raise_on_error=False,
            )
            ended = "success" if done.success else "failure"
            sensors = build_alert_sensors(self.settings, self.company, self.assets)
            sensor = next(s for s in sensors if s.name == f"alerts_after_{ended}")
            event = done.all_events[-1]
            context = dg.build_run_status_sensor_context(sensor.name, event, instance, done.dagster_run)
            return sensor(context).skip_message


def _build_table() -> dg.AssetsDefinition:
    @dg.asset(
        key=TABLE,
        deps=[dg.AssetKey(["landing", "orders"])],
        owners=["team:customer-data"],
        check_specs=[dg.AssetCheckSpec("every_order_has_a_customer", asset=TABLE)],
    )
    def fct_orders() -> dg.MaterializeResult:
        told = {"severity": "warn", "failing_rows": 1, "threshold": "0", "observed": "1 of 3 rows"}
        check = dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN, metadata=told)
        return dg.MaterializeResult(check_results=[check])

    return fct_orders


@pytest.fixture
def runs(tmp_path: Path, mail_box: MailBox, hook: Hook) -> Runs:
    return Runs(tmp_path, C360_SMTP_URL=mail_box.url, DATA_HOOK=hook.url)


def test_owners_are_told_once_of_a_run_and_again_when_all_is_well(runs, mail_box, hook):
    runs.shop.put_parcels("2026-01-09", ["C5", "C6"], at="")
    assert runs.run() == "${DATA_HOOK}: corner_shop: 1 warning; mailto:shop@shop.example: corner_shop: 1 blocking"
    [mail], [body] = mail_box.mails, hook.bodies
    assert "BLOCK  landing/parcels: batch within error rate: does not hold" in mail.get_content()
    assert "c360 quarantine show parcels --batch" in mail.get_content()
    [alert] = body["alerts"]
    assert (alert["asset"], alert["check"], alert["failing_rows"]) == (
        "marts/fct_orders",
        "every_order_has_a_customer",
        1,
    )
    for secret in ("C5", "C6", "c1@shop.example", "Lovelace"):
        assert secret not in mail.as_string() + json.dumps(body), secret

    assert runs.run() == "Nothing to tell."  # the batch is still held, the check still fails

    runs.shop.put_parcels("2026-01-09", ["C5", "C6"])
    assert runs.run() == "mailto:shop@shop.example: corner_shop: 1 holding again"
    assert "OK  landing/parcels: batch within error rate: holds again" in mail_box.mails[-1].get_content()
    assert len(mail_box.mails) == 2 and len(hook.bodies) == 1


def test_a_source_that_cannot_be_landed_is_told_to_its_owner(runs, mail_box):
    file = runs.shop.put("parcels_2026-01-09.csv", "")
    runs.run()
    assert "BLOCK  landing/parcels: source is landed: does not hold" in mail_box.mails[0].get_content()
    file.unlink()
    assert "mailto:shop@shop.example: corner_shop: 1 holding again" in runs.run()
