"""The log of a run, line by line. Put here: lines of small jobs. Keep out: what the screen shows (test_progress.py)."""

import json
import logging
import sys
from pathlib import Path

import dagster as dg
import pytest

from pipelines.json_log import log_run, without_values
from pipelines.run import progress_logger


@dg.asset(key=["landing", "orders"])
def landing_orders(context: dg.AssetExecutionContext):
    print("1 of 24 \x1b[32mOK\x1b[0m created sql view")
    context.log.warning("nothing matches")
    return dg.MaterializeResult(metadata={"dagster/row_count": 12, "bytes": 340, "seconds": 0.5, "peak_mb": 90.5})


@dg.asset(key=["marts", "fct_orders"])
def orders():
    raise ValueError("ada@shop.example is no number")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.log"


def lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def run(file: Path, *assets: dg.AssetsDefinition) -> str:
    with log_run(file) as log, dg.DagsterInstance.ephemeral() as instance:
        loggers = {"console": progress_logger(lambda line: None, log)}
        job = dg.define_asset_job("build", dg.AssetSelection.all())
        definitions = dg.Definitions(assets=assets, jobs=[job], loggers=loggers, executor=dg.in_process_executor)
        return (
            definitions.resolve_job_def("build")
            .execute_in_process(instance=instance, raise_on_error=False, run_config={"loggers": {"console": {}}})
            .run_id
        )


def test_every_line_says_when_how_grave_which_run_and_which_asset(file):
    run_id = run(file, landing_orders)
    told = lines(file)
    assert all({"time", "level", "run", "asset", "message"} <= set(line) for line in told)
    assert {line["run"] for line in told} == {run_id}
    by_message = {line["message"]: line for line in told}
    assert by_message["nothing matches"]["level"] == "warning"
    printed = by_message["1 of 24 OK created sql view"]
    assert (printed["level"], printed["asset"]) == ("info", "landing__orders")


def test_an_asset_is_told_with_its_figures(file):
    run(file, landing_orders)
    [made] = [line for line in lines(file) if "rows" in line]
    assert {name: made[name] for name in ("asset", "rows", "bytes", "seconds", "peak_mb")} == {
        "asset": "landing/orders", "rows": 12, "bytes": 340, "seconds": 0.5, "peak_mb": 90.5
    }  # fmt: skip


def test_a_failure_is_an_error_and_what_it_said_is_not_told(file):
    run(file, orders)
    assert "ada@shop.example" not in file.read_text(encoding="utf-8")
    assert [line["asset"] for line in lines(file) if line["level"] == "error"][0] == "marts__fct_orders"


def test_an_exception_is_told_by_its_kind_and_place(file):
    with log_run(file):
        try:
            raise ValueError("ada@shop.example is no number")
        except ValueError:
            logging.getLogger("pipelines.run").exception("alerts failed")
    [line] = lines(file)
    assert (line["level"], line["message"], line["exception"]) == ("error", "alerts failed", "ValueError")
    assert line["at"][0].startswith("test_json_log.py:")


def test_what_a_library_warns_of_is_told_and_its_chatter_is_not(file):
    with log_run(file):
        logging.getLogger("some.library").info("chatter")
        logging.getLogger("some.library").warning("old option")
        sys.stderr.write("half a ")
        sys.stderr.write("line\n")
    assert [(line["level"], line["message"]) for line in lines(file)] == [
        ("warning", "old option"), ("info", "half a line")
    ]  # fmt: skip


def test_runs_follow_each_other_in_one_file_and_afterwards_nothing_is_redirected(file):
    before = sys.stdout
    for message in ("first", "second"):
        with log_run(file):
            print(message)
    assert [line["message"] for line in lines(file)] == ["first", "second"]
    assert sys.stdout is before


@pytest.mark.parametrize(
    "said",
    [
        "Conversion Error: Could not convert string 'ada@shop.example' to INT32",
        'Constraint Error: Duplicate key "email: ada@shop.example" violates primary key constraint',
        "Invalid Input Error: value: ada@shop.example",
    ],
)
def test_what_a_database_quotes_of_data_is_left_out(said):
    assert "ada" not in without_values(said)
    assert without_values(said).startswith(said.split(":")[0])


def test_what_it_quotes_of_names_stays():
    said = 'Binder Error: Referenced column "amout" not found; candidates: "amount"'
    assert without_values(said) == said
