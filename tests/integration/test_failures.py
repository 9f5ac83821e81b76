"""What a user sees when something is wrong: one clear message, nothing lost, and the published file never worse.

Put here: runs of the corner shop that fail, and how they are put right. Keep out: every single fault of a file
(tests/ingest) and of a contract (tests/quality); here each kind is seen once, through the command.
"""

from __future__ import annotations

import sqlite3

import pytest
from corner_shop_home import CornerShop, hash_files, run_c360


@pytest.fixture
def shop(tmp_path):
    return CornerShop(tmp_path)


def test_lint_tells_each_fault_of_a_contract_in_a_line_of_its_own(shop):
    contract = shop.company / "contracts" / "orders.odcs.yaml"
    text = contract.read_text(encoding="utf-8")
    for right, wrong in (
        ("definitions/order.amount", "definitions/order.amout"),
        ("defaultTimezone: Europe/Berlin", "defaultTimezone: Europe/Berlinn"),
        ("interaction.touchpoint: order_placed", "interaction.touchpoint: order_plcaed"),
    ):
        assert right in text
        text = text.replace(right, wrong)
    contract.write_text(text, encoding="utf-8")
    done = run_c360("lint", "--company", shop.company)
    *faults, summary = done.stdout.splitlines()
    assert done.returncode == 1
    assert summary == "corner_shop: 3 problems"
    assert all("orders.odcs.yaml" in line for line in faults)
    for told in ("order.amount", "Europe/Berlin", "order_placed"):
        assert len([line for line in faults if told in line]) == 1, told
    refused = run_c360("run", "--company", shop.company, "--home", shop.home, C360_DATA=shop.sources)
    assert (refused.returncode, refused.stdout.splitlines()) == (1, faults)
    assert not shop.home.exists()


@pytest.mark.proof
@pytest.mark.xdist_group("corner_shop")
def test_a_shop_lives_through_every_kind_of_bad_delivery(shop):
    parcels = shop.sources / "parcels_2026-01-07.csv"
    held_back = parcels.read_text(encoding="utf-8")
    parcels.unlink()

    # A source that never came: told, and everything else is published.
    done = shop.run()
    assert done.returncode == 1
    assert _failures(done) == [
        "land_parcels: parcels: no file matches '${C360_DATA}/parcels_*.csv'; put one there, or correct `path` in "
        "parcels.odcs.yaml"
    ]
    assert shop.stale() == ["parcels"]
    assert shop.outcomes() == {"in_progress": 6}

    # It comes; of the others the next day's file is cut off, empty, or of other columns. A good one lands beside it.
    parcels.write_text(held_back, encoding="utf-8")
    views = shop.put_views("2026-01-08", ["C4"])
    views.write_bytes(views.read_bytes()[:-12])
    shop.put("orders_2026-01-08.csv", "")
    customers = shop.put("customers_2026-01-08.csv", "number,first,surname,email\nC7,Ada,Lovelace,c7@shop.example\n")
    also = shop.put("orders_2026-01-09.csv", "")
    shop.put_views("2026-01-09", ["C3"])
    landed = hash_files(shop.home / "landing", "*/*/*.parquet")
    done = shop.run()
    assert done.returncode == 1
    customer_fault, *order_faults, view_fault = _failures(done)
    where = "customers: ${C360_DATA}/customers_2026-01-08.csv: "
    assert customer_fault.startswith(f"land_customers: {where}")
    assert "1 missing (last)" in customer_fault and "customers.odcs.yaml" in customer_fault
    # Regression: of two bad files of one dataset only the first was told.
    assert order_faults == [
        f"land_orders: orders: ${{C360_DATA}}/orders_2026-01-{day}.csv: empty file, 0 bytes; expected a header or "
        "rows; deliver it again, or remove it"
        for day in ("08", "09")
    ]
    assert view_fault.startswith(
        "land_page_views: page_views: ${C360_DATA}/views_2026-01-08.jsonl.gz: truncated or broken .gz file, "
    )
    assert "deliver it again" in view_fault
    after = hash_files(shop.home / "landing", "*/*/*.parquet")
    assert landed.items() < after.items() and len(after) == len(landed) + 2  # parcels, and the views of the ninth
    assert shop.stale() == ["customers", "orders", "page_views"]
    assert shop.outcomes() == {"converted": 2, "in_progress": 4}
    assert shop.ask("select count(*) from marts.fct_interactions where touchpoint = 'page_viewed'") == [(7,)]
    built = "select count(distinct run_id) from governance.check_results where asset like 'marts/%'"
    assert shop.ask(built) == [(2,)]

    # The corrected files land under their own days, and all is green.
    shop.put_views("2026-01-08", ["C4"])
    shop.put_orders("2026-01-08", [("O4", "C4")])
    also.unlink()
    customers.unlink()
    shop.put_customers("2026-01-08", ["C7"])
    shop.put_parcels("2026-01-08", ["C3"])
    done = shop.run()
    assert done.returncode == 0, done.stdout
    assert shop.stale() == []
    assert shop.ask("select count(*) from marts.fct_orders") == [(4,)]
    assert shop.ask("select count(*) from marts.dim_customers where knowledge_level = 'known'") == [(7,)]
    assert shop.outcomes() == {"converted": 3, "in_progress": 4}

    # A batch of which half is broken is held, an order file is withdrawn, and time goes on.
    shop.put_parcels("2026-01-09", ["C5", "C6"], at="")
    withdrawn = "${C360_DATA}/orders_2026-01-06.csv"
    back = run_c360(
        "withdraw", "orders", withdrawn, "--reason", "sent twice", "--company", shop.company, "--home", shop.home
    )
    assert back.returncode == 0, back.stdout
    done = shop.run("--as-of", "2026-02-01")
    assert done.returncode == 1
    assert "parcels (held batch)" in done.stdout
    assert _failures(done) == [
        "landing/parcels: ${C360_DATA}/parcels_2026-01-09.csv: held: 2 of 2 rows quarantined or with a nulled cell, "
        "100.00 %; errorRate allows 10 %"
    ]
    assert shop.stale() == ["parcels"]
    assert shop.ask("select count(*) from marts.fct_interactions where touchpoint = 'parcel_collected'") == [(3,)]
    assert shop.ask("select order_key from marts.fct_orders") == [("shop.order:O4",)]
    assert shop.outcomes() == {"converted": 3, "dropped": 4}  # nobody is still waiting in February
    [held] = [a for told in shop.alerts() for a in told["alerts"] if a["check"] == "batch_within_error_rate"]
    assert (held["asset"], held["event"], held["failing_rows"]) == ("landing/parcels", "failed", 2)
    with sqlite3.connect(shop.home / "state.db") as state:
        logged = state.execute("select action, object, reason from audit_log").fetchall()
    assert logged == [("withdraw", f"orders:{withdrawn}", "sent twice")]


@pytest.mark.proof
@pytest.mark.xdist_group("corner_shop")
def test_a_blocking_check_keeps_the_published_files_as_they_were(shop):
    assert shop.run().returncode == 0
    published = hash_files(shop.home / "published") | hash_files(shop.home / "private")
    # Nothing new: nothing is built.
    again = shop.run()
    assert again.returncode == 0 and "nothing new since run" in again.stdout
    assert hash_files(shop.home / "published") | hash_files(shop.home / "private") == published
    # A second till writes order numbers of its own and says they are the web shop's: O1 is two orders now.
    web = shop.company / "contracts" / "orders.odcs.yaml"
    till = web.with_name("till_orders.odcs.yaml")
    text = (
        web.read_text(encoding="utf-8")
        .replace("id: orders", "id: till_orders")
        .replace("name: orders", "name: till_orders")
    )
    till.write_text(text.replace("/orders_*.csv", "/till_orders_*.csv"), encoding="utf-8")
    shop.put_orders("2026-01-07", [("O1", "C6")], name="till_orders")
    done = shop.run()
    assert done.returncode == 1, done.stdout
    assert "published/customer360" not in done.stdout.split("landed\n")[0]
    # Regression: which check failed was not told.
    (fault,) = _failures(done)
    assert fault.startswith("marts/fct_orders: ")
    assert fault.endswith("does not hold, 1 rows; nothing is published until it does")
    assert "published earlier" in done.stdout
    assert "published__customer360: left out, for what it needs was not made" in done.stdout
    assert "Dependencies for step" not in done.stdout
    assert hash_files(shop.home / "published") | hash_files(shop.home / "private") == published
    # Its owner is told, with where to look and the tables that are made from these.
    [(owner, alert)] = [(told["owner"], a) for told in shop.alerts() for a in told["alerts"] if a["event"] == "failed"]
    assert (owner, alert["asset"], alert["severity"]) == ("customer-data", "marts/fct_orders", "block")
    assert alert["failing_rows"] == 1 and "dim_customers" in alert["downstream"]
    assert alert["look"].endswith("/fct_orders_has_one_row_per_key.sql in the home folder picks the rows")
    assert (shop.home / "landing" / "till_orders").is_dir()
    # Regression: what a run that published nothing had checked was never told to governance.
    till.unlink()
    assert shop.run().returncode == 0
    broken = "select asset, failing_rows from governance.check_results where not success and severity = 'block'"
    assert shop.ask(broken) == [("marts/fct_orders", 1)]


def _failures(done) -> list[str]:
    """The faults told after the tables, each in one line."""
    return sorted(line for line in done.stdout.rpartition("checks failed")[2].splitlines()[1:-1] if line.strip())
