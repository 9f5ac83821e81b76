"""Customers who are merged and split after they were published: every fact follows, and the log says which did.

Put here: runs of the corner shop. Keep out: how ids come about (tests/identity), runs that fail (test_failures.py).
"""

from __future__ import annotations

import uuid
from hashlib import md5

import pytest
from corner_shop_home import CornerShop, run_c360

C1, C7 = (uuid.UUID(md5(f"customers:{number}".encode()).hexdigest()) for number in ("C1", "C7"))
# Of C7: a page view, an order and a parcel, which are one finished journey of three visits.
MOVED = {
    "fct_interactions": 3,
    "fct_journey_interactions": 3,
    "fct_journey_stages": 3,
    "fct_journey_transitions": 2,
    "fct_journeys": 1,
    "fct_orders": 1,
}
EVERYTHING = """
    select table_name from duckdb_columns() where schema_name = 'marts' and column_name = 'customer_id' order by 1
"""


@pytest.mark.proof
@pytest.mark.xdist_group("corner_shop")
def test_facts_follow_a_merge_and_its_undoing_and_the_log_counts_them(tmp_path):
    shop = CornerShop(tmp_path)
    (shop.company / "identity.yml").write_text("limits: {cardinality: {customer_id@shop.customer: 2}}\n")
    shop.put_customers("2026-01-12", ["C7"])
    shop.put_views("2026-01-13", ["C7"])
    shop.put_orders("2026-01-14", [("O7", "C7")])
    shop.put_parcels("2026-01-15", ["C7"])
    assert shop.run().returncode == 0
    before = _facts(shop)
    assert shop.ask("select count(*) from governance.restatements") == [(0,)]

    # C7 gives the mailbox of C1: they were one customer all along.
    shop.put("customers_2026-01-16.csv", "number,first,last,email\nC7,Ada,LovelaceC7,c1@shop.example\n")
    assert shop.run().returncode == 0
    assert all(C7 not in ids for ids in _customers(shop).values())
    assert shop.ask("select orders from marts.dim_customers where customer_id = ?", [C1]) == [(2,)]
    assert _log(shop) == {(C7, C1): MOVED}

    # The same again says nothing new.
    assert shop.run().returncode == 0
    assert _log(shop) == {(C7, C1): MOVED}

    # The file was a mistake; C7 has her own customer again, and every fact is as it was.
    withdrawn = "${C360_DATA}/customers_2026-01-16.csv"
    back = run_c360(
        "withdraw", "customers", withdrawn, "--reason", "a mistake", "--company", shop.company, "--home", shop.home
    )
    assert back.returncode == 0, back.stdout
    (shop.sources / "customers_2026-01-16.csv").unlink()
    assert shop.run().returncode == 0
    assert _facts(shop) == before
    assert _log(shop) == {(C7, C1): MOVED, (C1, C7): MOVED}
    assert shop.ask("select count(distinct run_id) from governance.restatements") == [(2,)]


def _log(shop) -> dict:
    found: dict = {}
    for old, new, table, rows in shop.ask("select old_id, new_id, table_name, moved_rows from governance.restatements"):
        found.setdefault((old, new), {})[table] = rows
    return found


def _customers(shop) -> dict[str, set]:
    tables = [name for (name,) in shop.ask(EVERYTHING)]
    return {t: {c for (c,) in shop.ask(f"select distinct customer_id from marts.{t}")} for t in tables}


def _facts(shop) -> dict[str, list]:
    """Every row of every mart that names a customer; landing repeats nothing, so only the day of the file differs."""
    tables = [name for (name,) in shop.ask(EVERYTHING)]
    return {t: shop.ask(f"select * from marts.{t} order by all") for t in tables}
