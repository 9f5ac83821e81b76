"""What `c360 identity as-of` tells, and that it shows no values unless asked to."""

from __future__ import annotations

import json
from contextlib import closing

import pytest
from identity_warehouse import Warehouse
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.settings import Settings
from pipelines.terminal import console

ANN = {"first_name": "Ann", "last_name": "Miller", "email": "ann@mail.de"}


@pytest.fixture
def told(tmp_path):
    """Run the command in a home whose customer `shop:1` was merged into an older one on the first of February."""
    settings = Settings.from_env({}, home=tmp_path)
    settings.private.mkdir(parents=True)
    with closing(Warehouse(settings.private / "steward.duckdb")) as warehouse:
        warehouse.person("shop:1", on="2024-02-01", ids={"email": "ann@mail.de"}, **ANN)
        warehouse.resolve(at="2025-01-01")
        gone = warehouse.customer_of("shop:1")
        warehouse.person("crm:1", on="2024-01-01", ids={"email": "ann@mail.de"}, **ANN)
        warehouse.resolve(at="2025-02-01")
        now = warehouse.customer_of("shop:1")

    def run(*arguments: str):
        named = [{"GONE": gone, "NOW": now}.get(argument, argument) for argument in arguments]
        with console.capture() as shown:
            done = CliRunner().invoke(app, ["identity", "as-of", *named, "--home", str(tmp_path)])
        return done.exit_code, done.stdout + shown.get()

    return run, gone, now


def test_a_customer_of_today_is_told_as_the_id_and_the_profile_of_that_day(told):
    run, gone, now = told
    [then] = json.loads(run("NOW", "2025-01-31", "--json", "--show-values")[1])
    assert (then["customer_id"], then["knowledge_level"]) == (gone, "known")
    assert {m["subject_id"] for m in then["members"]} == {"shop:1", "email||ann@mail.de"}
    assert {c["attribute"]: c["value"] for c in then["cells"]} == ANN
    [later] = json.loads(run("GONE", "2025-02-01", "--json")[1])
    assert later["customer_id"] == now


def test_no_value_is_shown_unless_asked_for(told):
    run = told[0]
    for more in ((), ("--json",)):
        shown = run("NOW", "2025-01-31", *more)[1]
        assert "last_name" in shown
        assert not any(value in shown for value in (*ANN.values(), "shop:1"))
    assert "last_name = Miller" in run("NOW", "2025-01-31", "--show-values")[1]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("NOW", "2024-12-31"), 0, "nobody of this customer was known then"),
        (("00000000-0000-0000-0000-000000000000", "2025-01-31"), 1, "no build ever published it"),
        (("ann@mail.de", "2025-01-31"), 1, "not a UUID"),
        (("NOW", "yesterday"), 1, "DATE: not a day or moment"),
    ],
)
def test_what_cannot_be_told_is_said_without_repeating_it(told, arguments, code, message):
    exit_code, shown = told[0](*arguments)
    assert (exit_code, message in shown, "ann@mail.de" in shown) == (code, True, False)
