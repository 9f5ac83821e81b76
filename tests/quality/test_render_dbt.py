"""The full example of the contract conventions, rendered and built by dbt itself."""

import os
import subprocess
import sys
from datetime import datetime
from hashlib import md5
from pathlib import Path
from uuid import UUID

import duckdb
import pytest
from render_support import Landed, write_package

EXAMPLE = Path(__file__).with_name("shop_orders.odcs.yaml")
LINE = {
    "order_no": "SO1",
    "customer_no": "AW00011000",
    "email": "\u00a0anna@example.org ",
    "cookie": "c1",
    "ordered_at": "2024-01-02 09:00",
    "total": "$90,000 ",
    "status": "p",
    "newsletter": True,
    "updated_at": "2024-01-02 09:00",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The warehouse of a company with three clean lines, two of them versions of one order; built inside the home."""
    root = tmp_path_factory.mktemp("example")
    landed = Landed(root, [EXAMPLE.read_text(encoding="utf-8")])
    second = {**LINE, "order_no": "SO2", "customer_no": "11001", "email": "ben@example.org", "cookie": None}
    landed.land("shop_orders", "2024-01-03", [LINE, {**second, "cancelled_at": "2024-01-02 18:00"}])
    cancelled = {"status": "C", "cancelled_at": "2024-01-03 08:00", "updated_at": "2024-01-03 08:00"}
    landed.land("shop_orders", "2024-01-04", [{**LINE, **cancelled}])
    landed.render(write_package(root / "package"))
    with duckdb.connect(str(landed.home / "warehouse.duckdb")) as con:
        landed.write_control(con)
    outcome = subprocess.run(
        [str(Path(sys.executable).parent / "dbt"), "build"],
        cwd=landed.home / "dbt",
        env={**os.environ, "C360_HOME": str(landed.home), "C360_PII_KEY": "k" * 64, "C360_MEMORY_LIMIT": "500MB"},
        capture_output=True,
        text=True,
    )
    assert outcome.returncode == 0, outcome.stdout
    with duckdb.connect(str(landed.home / "warehouse.duckdb"), read_only=True) as con:
        yield con


def rows(con, query):
    return con.execute(query).fetchall()


def test_three_lines_become_two_orders_two_persons_four_interactions_two_consents(built):
    tables = ("std_orders", "std_persons", "std_interactions", "std_consents", "std_surveys")
    assert [rows(built, f"select count(*) from std.{t}")[0][0] for t in tables] == [2, 2, 4, 2, 0]


def test_orders_of_the_example(built):
    query = "select order_key, ordered_at, status, amount::varchar, currency, lines, subject_id from std.std_orders"
    assert rows(built, query + " order by 1") == [
        ("shop.order:SO1", datetime(2024, 1, 2, 9), "cancelled", "90000.00", "EUR", 1, "shop_orders:SO1"),
        ("shop.order:SO2", datetime(2024, 1, 2, 9), "paid", "90000.00", "EUR", 1, "shop_orders:SO2"),
    ]


def test_interactions_of_the_example(built):
    query = "select touchpoint, occurred_at, value::varchar, channel, is_online, initiator, priority, order_key "
    assert rows(built, query + "from std.std_interactions order by record_id, slot") == [
        ("order_placed", datetime(2024, 1, 2, 9), "90000.00", "web", True, "customer", 20, "shop.order:SO1"),
        ("order_cancelled", datetime(2024, 1, 3, 8), None, "web", True, "customer", 20, "shop.order:SO1"),
        ("order_placed", datetime(2024, 1, 2, 9), "90000.00", "web", True, "customer", 20, "shop.order:SO2"),
        ("order_cancelled", datetime(2024, 1, 2, 18), None, "web", True, "customer", 20, "shop.order:SO2"),
    ]
    first = UUID(md5(b"shop_orders|ordered_at|SO1").hexdigest())
    assert rows(built, "select interaction_id from std.std_interactions where slot = 5 order by record_id")[0] == (
        first,
    )


def test_people_identifiers_and_consents_of_the_example(built):
    query = "select subject_id, email, valid_at, first_arrived_on::varchar from std.std_persons order by 1"
    assert rows(built, query) == [
        ("shop_orders:SO1", "anna@example.org", datetime(2024, 1, 3, 8), "2024-01-03"),
        ("shop_orders:SO2", "ben@example.org", datetime(2024, 1, 2, 9), "2024-01-03"),
    ]
    query = "select right(subject_id, 3), identifier_type, namespace, value from std.std_identifiers order by 1, 2"
    assert rows(built, query) == [
        ("SO1", "cookie_id", "shop.web", "c1"),
        ("SO1", "customer_id", "shop.customer", "11000"),
        ("SO1", "email", "", "anna@example.org"),
        ("SO2", "customer_id", "shop.customer", "11001"),
        ("SO2", "email", "", "ben@example.org"),
    ]
    query = "select right(subject_id, 3), purpose, lawful_basis, channel, granted from std.std_consents order by 1"
    assert rows(built, query) == [
        ("SO1", "marketing", "consent", "email", True),
        ("SO2", "marketing", "consent", "email", True),
    ]


def test_landed_rows_are_current_or_superseded(built):
    assert rows(built, "select count(*), count(*) filter (_is_current) from base.base_shop_orders") == [(3, 2)]
    assert rows(built, "select part_seq, row_no, is_latest from base.base_shop_orders__versions order by 1") == [
        (1, 1, False),
        (2, 1, True),
    ]
