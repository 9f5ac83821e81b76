"""AdventureWorks in full: what a run publishes, against the raw files read again by plain DuckDB.

Put here: a figure of the published facts and the rule that gives it from the files, written a second time.
Keep out: figures of its people (test_adventureworks_customers.py) and of one part of the pipeline (that part's tests).
"""

from __future__ import annotations

import pytest
from adventureworks_files import ZONE, one, part

# All files about these runs are one group, so that one worker runs them.
pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("adventureworks")]


def test_orders_all_reach_fct_orders_and_two_have_no_date(c360):
    found = one(
        c360, "select count(*), count(*) - count(ordered_at), count(distinct order_key) from p.marts.fct_orders"
    )
    assert found == (27_659, 2, 27_659)
    undated = "select order_no from orders where ordered is null order by 1"
    assert (
        c360.execute(
            "select split_part(order_key, ':', 2) from p.marts.fct_orders where ordered_at is null order by 1"
        ).fetchall()
        == c360.execute(undated).fetchall()
    )


def test_orders_equal_the_lines_grouped_by_hand(c360):
    published = """
        select split_part(order_key, ':', 2), ordered_date, lines, quantity::int, amount::int from p.marts.fct_orders
    """
    by_hand = "select order_no, ordered::date, lines, quantity, amount from orders"
    assert one(c360, f"select count(*) from ({published} except {by_hand})") == (0,)
    assert one(c360, f"select count(*) from ({by_hand} except {published})") == (0,)


def test_order_lines_are_accounted_for_to_the_row(c360):
    assert part(c360, "order_lines") == (60_398, 60_398, 0, 2)  # the two cells are the dates 32154 and 5489
    assert one(c360, "select sum(lines)::int, sum(amount)::int from p.marts.fct_orders") == (60_398, 29_356_250)


def test_interactions_are_one_per_dated_fact(c360):
    found = "select touchpoint, count(*), count(customer_id) from p.marts.fct_interactions group by 1 order by 1"
    assert c360.execute(found).fetchall() == [
        ("interest_stated", 2_727, 2_727),
        ("order_placed", 27_657, 27_657),  # 27,659 orders, two without a date
        ("order_shipped", 27_659, 27_659),
        ("reason_given", 27_647, 27_647),
    ]


def test_reasons_find_their_customer_and_day_through_their_order(c360):
    mismatched = f"""
        select count(*) from p.marts.fct_interactions i
        join p.marts.fct_orders f using (order_key)
        where i.touchpoint = 'reason_given' and (i.customer_id <> f.customer_id
            or f.ordered_date <> (i.occurred_at at time zone 'UTC' at time zone '{ZONE}')::date)
    """
    assert one(c360, mismatched) == (0,)
    matched = "select count(*) from p.marts.fct_interactions join p.marts.fct_orders using (order_key)"
    assert one(c360, f"{matched} where touchpoint = 'reason_given' and ordered_date is not null") == (27_645,)


def test_purchases_are_the_orders_placed_since_the_last_shipment(c360):
    """An instance opens with the first order placed after a shipment, and every order ships within 30 days."""
    by_hand = """
        with events as (
            select no, ordered as day, 1 as slot, order_no from orders where ordered is not null
            union all select no, shipped, 2, order_no from orders
        ), numbered as (
            select *, sum((slot = 2)::int) over (
                partition by no order by day, slot, order_no rows between unbounded preceding and current row
            ) - (slot = 2)::int as shipments_before from events
        )
        select count(distinct (no, shipments_before)) from numbered where slot = 1
    """
    found = """
        select count(*), count(*) filter (outcome = 'converted') from p.marts.fct_journeys
        where journey_id = 'buy_online'
    """
    (expected,) = one(c360, by_hand)
    assert one(c360, found) == (expected, expected)


def test_interests_lead_to_an_order_within_90_days_or_lapse(c360):
    """An instance opens with an interest after an order, after 90 days of silence, or with nothing before."""
    by_hand = f"""
        with events as (
            select no, ordered at time zone '{ZONE}' as happened, 1 as priority from orders where ordered is not null
            union all select no, answered::timestamp at time zone '{ZONE}', 2 from answers
        ), neighbours as (
            select *, lag(priority) over w as prior, happened - lag(happened) over w as silence,
                lead(priority) over w as next, lead(happened) over w - happened as wait
            from events window w as (partition by no order by happened, priority)
        )
        select count(*) filter (prior is distinct from 2 or silence > interval '90 days'),
            count(*) filter (next = 1 and wait <= interval '90 days')
        from neighbours where priority = 2
    """
    found = """
        select count(*), count(*) filter (outcome = 'converted') from p.marts.fct_journeys
        where journey_id = 'interest_to_order'
    """
    assert one(c360, found) == one(c360, by_hand)


def test_second_run_changes_no_id_and_no_row(c360, homes):
    """All published tables but the logs of every run: its checks, its steps, itself."""
    _, second = homes
    c360.execute(f"attach '{second}/published/customer360.duckdb' as again (read_only)")
    audit = {"landed_at", "known_from", "known_to", "run_id", "checked_at", "built_at"}
    tables = c360.execute(
        "select schema_name, table_name, list(column_name order by column_index) from duckdb_columns() "
        "where database_name = 'p' and schema_name in ('marts', 'governance') "
        "and table_name not in ('check_results', 'runs', 'run_steps') group by all"
    ).fetchall()
    assert len(tables) > 15
    changed = {}
    for schema, table, columns in tables:
        kept = ", ".join(f'"{c}"' for c in columns if c not in audit)
        first, again = (f"select {kept} from {database}.{schema}.{table}" for database in ("p", "again"))
        lost = one(c360, f"select count(*) from ({first} except all {again})")[0]
        gained = one(c360, f"select count(*) from ({again} except all {first})")[0]
        if lost or gained:
            changed[table] = (lost, gained)
    assert changed == {}
