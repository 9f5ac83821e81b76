"""A failed check is told once, survives a channel that is down, and comes over the state database it is given."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
import yaml
from support.postgres import run_postgres

from pipelines.alerts.deliver import Patience
from pipelines.alerts.route import Graph
from pipelines.alerts.state import MESSAGES
from pipelines.alerts.tell import tell
from pipelines.ingest.manifest import Manifest
from pipelines.settings import Settings
from quality.company import load_company

SHOP = Path(__file__).parents[1] / "integration" / "corner_shop"
MONDAY = datetime(2026, 1, 5, 3)
GRAPH = Graph({"marts/fct_orders": frozenset({"landing/orders"})}, {"marts/fct_orders": "customer-data"})
QUICK = Patience(total=0.2, each=1, first_wait=0.01)


class Shop:
    """The corner shop, run by day; `rules` is added to its company.yml."""

    def __init__(self, folder: Path, rules: dict, **environ: str):
        self.folder = Path(shutil.copytree(SHOP, folder / "corner_shop"))
        self.declare(rules)
        environ.setdefault("C360_UI_URL", "http://dagster.shop.example/")
        self.settings = Settings.from_env(environ, company=self.folder, home=folder / "home")
        self.settings.home.mkdir()

    def declare(self, rules: dict) -> None:
        file = self.folder / "company.yml"
        file.write_text(file.read_text() + (yaml.safe_dump(rules) if rules else ""))
        self.company = load_company(self.folder)

    def run(self, day: int, **checks: str) -> list[str]:
        """A run on that day; check -> holds, warn or block."""
        rows = [evaluate(f"run-{day}", check, said, MONDAY + timedelta(days=day)) for check, said in checks.items()]
        return tell(self.settings, self.company, GRAPH, rows, f"run-{day}", QUICK)

    def lines(self, name: str = "alerts.jsonl") -> list[dict]:
        file = self.settings.home / name
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def told(self) -> list[list[tuple[str, str]]]:
        """(check, event) of each message in the file."""
        return [[(a["check"], a["event"]) for a in line["alerts"]] for line in self.lines()]


def evaluate(run_id: str, check: str, said: str, at: datetime) -> dict:
    asset = "marts/fct_orders" if check.startswith("fct_") else "landing/orders"
    return {
        **{"run_id": run_id, "asset": asset, "check_name": check, "success": said == "holds", "at": at},
        **{"severity": "warn" if said == "holds" else said, "failing_rows": 3, "threshold": "0", "observed": None},
    }


def test_with_nothing_set_up_alerts_are_lines_of_a_file_below_the_home(tmp_path):
    shop = Shop(tmp_path, {})
    assert shop.run(0, fresh="warn", fct_key="holds") == ["file:alerts.jsonl: corner_shop: 1 warning"]
    [line] = shop.lines()
    assert (line["owner"], line["key"]) == ("shop", "run-0:landing/orders:fresh")
    [alert] = line["alerts"]
    assert alert["run_url"] == "http://dagster.shop.example/runs/run-0"
    assert (alert["look"], alert["downstream"], alert["journeys"]) == (
        "c360 quarantine show orders",
        ["fct_orders"],
        ["buy"],
    )


def test_a_check_that_goes_on_failing_is_told_once_until_it_holds(tmp_path):
    shop = Shop(tmp_path, {})
    for day, said in enumerate(["holds", "warn", "warn", "block", "block", "holds", "holds", "warn"]):
        shop.run(day, fresh=said)
    assert [event for [(_, event)] in shop.told()] == ["failed", "worse", "holds again", "failed"]


def test_the_same_run_again_tells_nothing(tmp_path):
    shop = Shop(tmp_path, {})
    assert [bool(shop.run(0, fresh="warn")) for _ in range(3)] == [True, False, False]


def test_the_company_says_after_how_many_days_it_is_reminded(tmp_path):
    shop = Shop(tmp_path, {"alerts": {"remind_after": 2}})
    assert [bool(shop.run(day, fresh="warn")) for day in range(5)] == [True, False, True, False, True]


def test_each_owner_gets_one_message_of_a_run(tmp_path, hook):
    shop = Shop(tmp_path, {"teams": {"customer-data": ["${DATA_HOOK}"]}}, DATA_HOOK=hook.url)
    shop.run(0, fresh="warn", full="block", fct_key="block", fct_domain="record")
    assert [[a["check"] for a in body["alerts"]] for body in hook.bodies] == [["fct_key"]]
    assert shop.told() == [[("full", "failed"), ("fresh", "failed")]]
    assert hook.url not in json.dumps(_messages(shop))


def test_a_message_that_did_not_get_there_waits_for_the_next_run(tmp_path, hook):
    shop = Shop(tmp_path, {"teams": {"shop": [hook.url]}})
    hook.answers = [500] * 1000
    [line] = shop.run(0, fresh="warn")
    assert line.endswith("1 of 1 messages not delivered: the webhook answers 500")
    hook.answers, before = [], len(hook.bodies)
    assert len(shop.run(1, fresh="warn", full="block")) == 1
    assert [body["run_id"] for body in hook.bodies[before:]] == ["run-0", "run-1"]
    assert shop.run(2, fresh="warn", full="block") == []


def test_a_channel_that_is_down_keeps_no_other_waiting(tmp_path, hook, mail_box):
    rules = {"teams": {"shop": [hook.url, "mailto:shop@shop.example"], "customer-data": ["mailto:data@shop.example"]}}
    shop = Shop(tmp_path, rules, C360_SMTP_URL=mail_box.url)
    hook.answers = [503] * 1000
    for day, said in enumerate(["warn", "holds", "warn"]):
        lines = shop.run(day, fresh=said, fct_key=said)
        assert [("not delivered" in line) for line in lines] == [False, False, True] if day else len(lines) == 3
    assert [mail["To"] for mail in mail_box.mails] == ["data@shop.example", "shop@shop.example"] * 3


def test_a_message_nobody_took_for_as_long_as_the_reminder_is_given_up(tmp_path):
    shop = Shop(tmp_path, {"teams": {"shop": ["mailto:shop@shop.example"]}, "alerts": {"remind_after": 1e-9}})
    assert "C360_SMTP_URL is not set" in shop.run(0, fresh="warn")[0]
    assert [state for _, state in _messages(shop)] == ["given up"]
    assert shop.run(0, fresh="warn") == []


def test_a_held_batch_is_told_with_its_rows_and_holds_only_when_it_is_replaced(tmp_path):
    shop = Shop(tmp_path, {})
    manifest = Manifest(shop.settings.state_url)
    part = {"dataset": "orders", "source_uri": "o.csv", "source_hash": "s", "arrived_on": MONDAY.date(), "cells": 0}
    counts = {"received": 4, "landed": 1, "quarantined": 3, "landed_at": MONDAY}
    manifest.add(**part, **counts, content_hash="b1", state="held")
    shop.run(0, batch_within_error_rate="block")
    assert shop.run(1, batch_within_error_rate="holds") == []  # a run of other days, which did not see the batch
    manifest.add(**part, **counts, content_hash="b2", state="current")
    shop.run(2, batch_within_error_rate="holds")
    assert [event for [(_, event)] in shop.told()] == ["failed", "holds again"]
    [alert] = shop.lines()[0]["alerts"]
    assert alert["look"] == "c360 quarantine show orders --batch b1"
    assert (alert["failing_rows"], alert["observed"]) == (3, "3 of 4 rows quarantined; held batches: 1")


def test_who_reads_the_tables_is_named(tmp_path):
    shop = Shop(tmp_path, {})
    reader = {"type": "dashboard", "owner": "sales", "email": "sales@shop.example", "purpose": "What was sold."}
    entries = {"sales_report": {**reader, "reads": {"fct_orders@1": ["amount"]}}}
    entries["dates"] = {**reader, "reads": {"dim_dates@1": "*"}}
    (shop.folder / "consumers.yml").write_text(yaml.safe_dump(entries))
    shop.run(0, fresh="warn", fct_key="warn")
    consumers = [set(alert["consumers"]) for line in shop.lines() for alert in line["alerts"]]
    assert all("sales_report" in names and "dates" not in names for names in consumers) and len(consumers) == 2


def test_a_dbt_test_is_told_with_the_query_that_picks_its_rows(tmp_path):
    shop = Shop(tmp_path, {})
    for run in ("old", "new"):
        query = shop.settings.dbt / f"target/{run}/compiled/c360/models/marts/fct_orders.yml/fct_key.sql"
        query.parent.mkdir(parents=True)
        query.write_text("select 1")
    shop.run(0, fct_key="block")
    [alert] = shop.lines()[0]["alerts"]
    assert alert["look"] == f"{query.relative_to(shop.settings.home)} in the home folder picks the rows"


def test_a_postgresql_state_database_remembers_the_same(tmp_path):
    with run_postgres() as url:
        shop = Shop(tmp_path, {}, C360_STATE_URL=url)
        for day, said in enumerate(["warn", "warn", "holds", "block"]):
            shop.run(day, fresh=said)
        assert [event for [(_, event)] in shop.told()] == ["failed", "holds again", "failed"]
        assert [state for _, state in _messages(shop)] == ["delivered"] * 3


def _messages(shop: Shop) -> list[tuple[str, str]]:
    with sa.create_engine(shop.settings.state_url, poolclass=sa.NullPool).connect() as connection:
        query = sa.select(MESSAGES.c.message, MESSAGES.c.state, MESSAGES.c.channel, MESSAGES.c.fault)
        return [(json.dumps([m.message, m.channel, m.fault]), m.state) for m in connection.execute(query)]
