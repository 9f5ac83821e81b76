"""Great Expectations over a small home: real Parquet, two real DuckDB files, one run of everything."""

import dataclasses
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from quality.company import load_company
from quality.promises.create_table import ensure_table
from quality.promises.output_contract import load_output_contracts
from quality.suites import CheckResult
from quality.validate import validate

SHOP = Path(__file__).with_name("shop")
AS_OF = datetime(2024, 3, 2)
PLANTED = ["ada@secret.example", "bob@secret.example", "strange-level@secret.example"]
LANDED = "order_no, customer_no, email, cookie, ordered_at, cancelled_at, total, status, newsletter, updated_at"


def land(folder: Path, batch: str, rows: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    values = ", ".join(rows)
    duckdb.execute(
        f"copy (select *, date '2024-03-01' as _arrived_on, '{batch}' as _batch_id, row_number() over () as _row "
        f"from (values {values}) as t({LANDED})) to '{folder}/{batch}.parquet'"
    )


def row(order: str, email: str | None, total: str, ordered_at: str, status: str = "P") -> str:
    mail = f"'{email}'" if email else "null::varchar"
    return (
        f"('{order}', 'C1', {mail}, null::varchar, timestamp '{ordered_at}', null::timestamp, '{total}', '{status}', "
        f"true, timestamp '{ordered_at}')"
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    """Two current orders and a replaced part; six statuses refused; a channel of a strange mode."""
    home = tmp_path_factory.mktemp("home")
    part = home / "landing/shop_orders/arrived=2024-03-01"
    land(part, "b1", [row("SO1", PLANTED[0], "9", "2024-03-01 10:00"), row("SO2", None, "5", "2024-03-01 22:30")])
    land(part, "b0", [row("SO0", PLANTED[1], "1", "2024-02-01 10:00")])
    refused = home / "quarantine/shop_orders/arrived=2024-03-01"
    refused.mkdir(parents=True)
    duckdb.execute(
        "copy (select 'shop_orders' as dataset, 'b1' as batch_id, i as row_no, 'cell' as kind, "
        f"'status' as column_name, 'status.enum' as rule_id, '{PLANTED[1]}' as raw from range(6) r(i)) "
        f"to '{refused}/b1.parquet'"
    )
    with duckdb.connect(str(home / "warehouse.duckdb")) as con:
        con.execute("create schema control")
        con.execute(
            "create table control.parts as select * from (values ('shop_orders', 'b1', 'current'), "
            "('shop_orders', 'b0', 'replaced')) t(dataset, content_hash, state)"
        )
    with duckdb.connect(str(home / "c360_marts.duckdb")) as con:
        ensure_table(con, load_output_contracts()["dim_channels"])
        con.execute(
            "insert into marts.dim_channels values ('web', 'Web', 'online', 1, 1, null, null), "
            f"('x', 'X', '{PLANTED[2]}', 1, 1, null, null)"
        )
        con.execute("create table marts.dim_dates as select 1 as year")
    return home


@pytest.fixture(scope="module")
def company():
    company = load_company(SHOP)
    contract = company.contracts[0]
    columns = tuple(dataclasses.replace(c, enum=("P", "C")) if c.name == "status" else c for c in contract.columns)
    return dataclasses.replace(company, contracts=(dataclasses.replace(contract, columns=columns),))


@pytest.fixture(scope="module")
def results(home, company) -> dict[tuple[str, str], CheckResult]:
    found = validate(home / "warehouse.duckdb", company, AS_OF, home / "landing")
    keyed = {(r.asset, r.check): r for r in found}
    assert len(keyed) == len(found), "two checks of one asset share a name"
    return keyed


def outcome(result: CheckResult) -> tuple:
    return result.severity, result.success, result.failing_rows, result.observed


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("enough_orders_holds_for_the_rows_received", ("block", True, None, "2")),
        ("order_no_is_always_filled", ("block", True, 0, "0 of 2 rows")),
        ("email_is_filled_at_least_once", ("record", True, 1, "1 of 2 rows")),
        ("cookie_is_filled_at_least_once", ("record", False, 2, "2 of 2 rows")),
        ("latest_ordered_at_is_fresh", ("warn", True, None, "2024-03-01 22:30:00")),
        ("latest_arrival_is_not_overdue", ("warn", True, None, "2024-03-01")),
        ("status_is_a_listed_value", ("warn", False, None, "0.25")),
    ],
)
def test_what_was_received_is_judged_by_the_current_parts_and_their_quarantine(results, check, expected):
    assert outcome(results["landing/shop_orders", check]) == expected


@pytest.mark.parametrize(
    ("asset", "check", "expected"),
    [
        ("marts/dim_channels", "mode_is_a_known_value", ("block", False, 1, "1 of 2 rows")),
        ("marts/dim_channels", "is_what_its_contract_says", ("block", True, None, "no difference")),
    ],
)
def test_published_tables_keep_the_closed_sets_of_their_contracts(results, asset, check, expected):
    assert outcome(results[asset, check]) == expected


def test_a_table_that_is_not_what_its_contract_says_fails_and_says_so(results):
    missing = results["marts/fct_orders", "is_what_its_contract_says"]
    drifted = results["marts/dim_dates", "is_what_its_contract_says"]
    assert (missing.blocks, drifted.blocks) == (True, True)
    assert missing.observed == "1 differences: the table is not there; build it, or retire its contract"
    assert "column date_day is not in the table" in drifted.observed


def test_no_result_holds_a_customers_value(results):
    said = "\n".join(map(str, results.values()))
    assert "status_is_a_listed_value" in said
    assert [value for value in [*PLANTED, "secret.example"] if value in said] == []


def test_stale_data_warns_on_an_open_connection_and_leaves_it_usable(home, company):
    with duckdb.connect(str(home / "warehouse.duckdb")) as con:
        con.execute(f"attach '{home / 'c360_marts.duckdb'}' as m")
        found = {r.check: r for r in validate(con, company, datetime(2024, 3, 9), home / "landing")}
        assert con.execute("select count(*) from control.parts").fetchall() == [(2,)]
        con.execute("create table control.still_writable as select 1")
    late = [c for c in ("latest_ordered_at_is_fresh", "latest_arrival_is_not_overdue") if not found[c].success]
    assert late == ["latest_ordered_at_is_fresh", "latest_arrival_is_not_overdue"]


def test_a_check_that_cannot_run_has_failed(tmp_path, company):
    (tmp_path / "landing/shop_orders").mkdir(parents=True)
    land(tmp_path / "landing/shop_orders", "b1", [row("SO1", PLANTED[0], "9", "2024-03-01 10:00")])
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as m")
        found = [r for r in validate(con, company, AS_OF, tmp_path / "landing") if r.asset == "landing/shop_orders"]
    assert found and not any(r.success for r in found)
    assert {r.observed for r in found} == {"the check could not run; see the log of the run"}


def test_a_dataset_without_a_new_part_is_not_asked_again_unless_pages_are_written(tmp_path):
    part = tmp_path / "landing/shop_orders/arrived=2024-03-01"
    whole = row("SO1", "ada@secret.example", "9", "2024-03-01 10:00")
    land(part, "b1", [whole.replace("null::varchar", "'c'").replace("null::timestamp", "timestamp '2024-03-01 11:00'")])
    asset = {"landing/shop_orders"}
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as m")
        con.execute("create schema control")
        con.execute("create table control.parts as select 'shop_orders' as dataset, 'b1' as content_hash, "
                    "'current' as state")  # fmt: skip

        def ask(as_of: datetime = AS_OF, docs: Path | None = None) -> list[CheckResult]:
            return validate(con, load_company(SHOP), as_of, tmp_path / "landing", asset, docs, "these files")

        def is_asked(results: list[CheckResult]) -> bool:
            return any(r.seconds for r in results)  # what stands took none

        first, second = ask(), ask()
        assert is_asked(first) and not is_asked(second)
        assert [dataclasses.replace(r, seconds=0.0) for r in first] == second
        assert is_asked(ask(docs=tmp_path / "docs"))
        late = ask(datetime(2024, 3, 9))
        assert not is_asked(late) and not all(r.success for r in late)
