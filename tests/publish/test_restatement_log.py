"""The log of facts that changed hands between two publications.

Put here: two files of a few facts, compared. Keep out: whole runs (tests/integration/test_restatements.py).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from pipelines.publish.restatements import write_restatements

OLD, NEW, OTHER = (f"{n}0000000-0000-0000-0000-000000000000" for n in "123")
MERGED = ("e1", "merge", NEW, OLD)
AT = datetime(2026, 1, 7, 12)
STATEMENT = "'crm', 'marketing', null, 'email', true, timestamp '2026-01-01', date '2026-01-01', 1"
TABLES = {
    "governance.id_events": "event_id text, event text, customer_id uuid, other_id uuid",
    "governance.id_redirects": "old_id uuid, new_id uuid",
    "marts.fct_orders": "dataset text, order_key text, customer_id uuid",
    "marts.fct_consents": "dataset text, purpose text, lawful_basis text, channel text, granted boolean, "
    "occurred_at timestamp, arrived_on date, part_seq bigint, customer_id uuid",
}


class Files:
    """The marts about to be published, and those published before; each holds orders and consents of customers."""

    def __init__(self, folder: Path) -> None:
        self.marts, self.published = folder / "c360_marts.duckdb", folder / "customer360.duckdb"

    def write(self, file: Path, *, orders: dict[str, str | None], consents=(), events=(), redirects=()) -> None:
        """Args: orders: order key -> customer; consents: customers who made STATEMENT."""
        with duckdb.connect(str(file)) as con:
            con.execute("create schema if not exists marts; create schema if not exists governance")
            for table, columns in TABLES.items():
                con.execute(f"create or replace table {table} ({columns})")
            for event in events:
                con.execute("insert into governance.id_events values (?, ?, ?, ?)", list(event))
            for redirect in redirects:
                con.execute("insert into governance.id_redirects values (?, ?)", list(redirect))
            for order, customer in orders.items():
                con.execute("insert into marts.fct_orders values ('shop', ?, ?)", [order, customer])
            for customer in consents:
                con.execute(f"insert into marts.fct_consents values ({STATEMENT}, ?)", [customer])

    def compare(self, run_id: str = "r2") -> int:
        return write_restatements(self.marts, self.published, run_id=run_id, at=AT)

    def log(self) -> list[tuple]:
        with duckdb.connect(str(self.marts), read_only=True) as con:
            return con.execute(
                "select run_id, table_name, old_id::text, new_id::text, moved_rows "
                "from governance.restatements order by all"
            ).fetchall()


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path)


def test_nothing_is_restated_before_anything_was_published(files):
    files.write(files.marts, orders={"a": NEW}, events=[MERGED])
    assert (files.compare(), files.log()) == (0, [])


def test_facts_of_a_merged_customer_are_counted_by_table(files):
    files.write(files.published, orders={"a": OLD, "b": OLD, "c": NEW})
    files.write(files.marts, orders={"a": NEW, "b": NEW, "c": NEW}, events=[MERGED])
    assert files.compare() == 2
    assert files.log() == [("r2", "fct_orders", OLD, NEW, 2)]


def test_a_split_moves_only_the_facts_of_the_half_that_left(files):
    files.write(files.published, orders={"a": OLD, "b": OLD})
    files.write(files.marts, orders={"a": OLD, "b": NEW}, events=[("e1", "split", NEW, OLD)])
    assert files.compare() == 1
    assert files.log() == [("r2", "fct_orders", OLD, NEW, 1)]


def test_facts_of_a_retired_customer_belong_to_nobody_and_withdrawn_facts_are_not_restated(files):
    files.write(files.published, orders={"a": OLD, "withdrawn": OLD})
    files.write(files.marts, orders={"a": None}, events=[("e1", "retire", OLD, None)], redirects=[(OLD, None)])
    assert files.compare() == 1
    assert files.log() == [("r2", "fct_orders", OLD, None, 1)]


def test_the_same_statement_of_two_customers_moves_with_its_own(files):
    # Consents have no key without the customer: many say the same at the same instant.
    files.write(files.published, orders={}, consents=[OLD, OLD, OTHER])
    files.write(files.marts, orders={}, consents=[NEW, NEW, OTHER], events=[MERGED])
    assert files.compare() == 2
    assert files.log() == [("r2", "fct_consents", OLD, NEW, 2)]


def test_facts_that_move_without_a_change_of_ids_are_no_restatement(files):
    files.write(files.published, orders={"a": OLD, "b": OTHER})
    files.write(files.marts, orders={"a": OTHER, "b": OLD}, events=[("e0", "mint", NEW, None), MERGED])
    assert (files.compare(), files.log()) == (0, [])


def test_events_of_runs_that_were_never_published_count(files):
    files.write(files.published, orders={"a": OLD, "b": NEW})
    files.write(
        files.marts,
        orders={"a": OTHER, "b": OTHER},
        events=[MERGED, ("e2", "merge", OTHER, NEW)],
        redirects=[(OLD, OTHER), (NEW, OTHER)],
    )
    assert files.compare() == 2
    assert files.log() == [("r2", "fct_orders", OLD, OTHER, 1), ("r2", "fct_orders", NEW, OTHER, 1)]


def test_the_log_continues_the_published_one_and_forgets_a_run_that_was_never_published(files):
    files.write(files.published, orders={"a": OLD})
    files.write(files.marts, orders={"a": NEW}, events=[MERGED])
    files.compare("failed")
    files.compare("again")
    assert files.log() == [("again", "fct_orders", OLD, NEW, 1)]
    files.published.write_bytes(files.marts.read_bytes())
    files.write(files.marts, orders={"a": OLD}, events=[MERGED, ("e2", "split", OLD, NEW)])
    files.compare("undone")
    assert files.log() == [("again", "fct_orders", OLD, NEW, 1), ("undone", "fct_orders", NEW, OLD, 1)]
