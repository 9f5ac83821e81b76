"""`c360 quarantine` over the corner shop: what a steward types, sees and leaves in the audit log.

Put here: the commands. Keep out: what releasing and dropping mean (tests/ingest).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import StringIO

import dagster as dg
import pytest
from corner_shop_home import CornerShop
from typer.testing import CliRunner

from pipelines.audit import read_entries
from pipelines.cli import app
from pipelines.defs.quarantine import build_release_job
from pipelines.ingest.land import land
from pipelines.ingest.manifest import Manifest
from pipelines.settings import Settings
from pipelines.terminal import console
from quality.company import load_company


class Steward:
    """Types commands at a home into which one day of parcels has landed, one of them without its time."""

    def __init__(self, shop: CornerShop):
        self.shop = shop
        self.settings = Settings.from_env({"C360_DATA": str(shop.sources)}, company=shop.company, home=shop.home)
        self.manifest = None

    def land(self) -> None:
        company = load_company(self.shop.company)
        self.shop.home.mkdir(exist_ok=True)
        self.manifest = Manifest(self.settings.state_url)
        land(
            company.by_dataset["parcels"], company, landing=self.settings.landing, quarantine=self.settings.quarantine,
            manifest=self.manifest, env=self.settings.environ, first_day=date(2026, 1, 1), last_day=date(2026, 2, 1),
            now=datetime(2026, 1, 8, tzinfo=UTC),
        )  # fmt: skip

    def mend(self, old: str, new: str) -> None:
        file = self.shop.company / "contracts" / "parcels.odcs.yaml"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def type(self, *arguments: object) -> tuple[int, str]:
        shown, console.file = console.file, StringIO()
        try:
            done = CliRunner().invoke(app, ["quarantine", *map(str, arguments), *map(str, self.shop.place)])
            return done.exit_code, console.file.getvalue() + done.output
        finally:
            console.file = shown

    def log(self) -> list[tuple]:
        with self.manifest.engine.connect() as con:
            return [(e["actor"], e["action"], e["object"], e["reason"]) for e in read_entries(con)]


@pytest.fixture
def steward(tmp_path) -> Iterator[Steward]:
    shop = CornerShop(tmp_path)
    shop.put("parcels_2026-01-07.csv", "parcel_no,customer_no,collected_at\nP1,C1,2026-01-07 17:00\nP2,C2,07.01.2026\n")
    found = Steward(shop)
    found.mend("schema:", "slaProperties: [{property: errorRate, value: 60, unit: percent}]\nschema:")
    found.land()
    mask = os.umask(0o022)  # commands change the mode of new files
    yield found
    os.umask(mask)


def test_show_counts_by_reason_dataset_and_batch(steward):
    told = {g: json.loads(steward.type("show", "--group", g, "--json")[1])[0] for g in ("reason", "dataset", "batch")}
    assert told["reason"]["rule"] == "collected_at.type"
    assert told["dataset"]["open_rows"] == 1
    assert {n: told["batch"][n] for n in ("received", "landed", "quarantined", "dropped")} == {
        "received": 2, "landed": 1, "quarantined": 1, "dropped": 0,
    }  # fmt: skip
    assert told["reason"]["days"] == (datetime.now(UTC).date() - date(2026, 1, 7)).days
    assert "collected_at.type" in steward.type("show")[1]
    assert steward.log() == []


def test_raw_rows_are_shown_only_for_a_reason_and_the_look_is_logged(steward):
    code, told = steward.type("show", "parcels", "--rows")
    assert code == 0 and "collected_at.type" in told and "07.01.2026" not in told
    code, told = steward.type("show", "parcels", "--raw")
    assert code == 1 and "07.01.2026" not in told and "--reason" in told
    assert steward.log() == []
    code, told = steward.type("show", "parcels", "--raw", "--by", "ann", "--reason", "which format is it")
    assert code == 0 and "07.01.2026" in told
    assert steward.log() == [("ann", "quarantine look", "parcels", "which format is it")]


def test_a_mended_contract_and_a_release_land_what_was_set_aside(steward):
    assert "no rule for its rows has changed" in steward.type("release", "parcels", "--reason", "try")[1]
    steward.mend('format: "yyyy-MM-dd HH:mm"', "format: dd.MM.yyyy")  # ISO is always understood, too
    (steward.shop.sources / "parcels_2026-01-07.csv").unlink()
    code, told = steward.type("release", "--by", "ann", "--reason", "the till writes days")
    assert code == 0 and "The next build (`c360 run`) has them." in told
    (part,) = steward.manifest.current("parcels")
    assert (part.received, part.landed, part.quarantined) == (2, 2, 0)
    assert steward.log() == [("ann", "quarantine release", f"parcels:{part.content_hash}", "the till writes days")]
    assert steward.type("show")[1].strip() == "nothing"
    code, told = steward.type("release", "--reason", "again")
    assert code == 1 and "nothing of it is open or held" in told


def test_a_drop_takes_a_rule_off_the_list_and_is_logged(steward):
    code, told = steward.type(
        "drop", "parcels", "--rule", "collected_at.type", "--by", "ann", "--reason", "test parcel"
    )
    assert code == 0 and "collected_at.type" in told
    (part,) = steward.manifest.current("parcels")
    entry = ("ann", "quarantine drop", f"parcels:{part.content_hash} collected_at.type", "test parcel")
    assert steward.log() == [entry]
    (row,) = json.loads(steward.type("show", "--json")[1])
    assert (row["open_rows"], row["dropped"]) == (0, 1)
    code, told = steward.type("drop", "parcels", "--reason", "again")
    assert code == 1 and "nothing of it is open" in told
    assert steward.log() == [entry]


def test_an_empty_reason_is_no_reason(steward):
    for command in ("release", "drop"):
        code, told = steward.type(command, "parcels", "--reason", " ")
        assert code == 1 and "reason is empty" in told
    assert steward.log() == []


def test_a_release_from_the_ui_is_the_same_deed(steward):
    steward.mend('format: "yyyy-MM-dd HH:mm"', "format: dd.MM.yyyy")
    job = build_release_job(steward.settings)
    config = {"actor": "ann", "reason": "the till writes days", "dataset": "parcels"}
    run = {"ops": {"release": {"config": config}}}
    with dg.DagsterInstance.ephemeral() as instance:
        done = job.execute_in_process(run, instance=instance)
        (told,) = [e.asset_observation_data.asset_observation for e in done.all_events if e.is_asset_observation]
        again = job.execute_in_process(run, instance=instance, raise_on_error=False)
    assert told.asset_key == dg.AssetKey(["landing", "parcels"])
    assert (told.metadata["batches"].value, told.metadata["rows_released"].value) == (1, 1)
    assert [action for _, action, *_ in steward.log()] == ["quarantine release"]
    assert not again.success
