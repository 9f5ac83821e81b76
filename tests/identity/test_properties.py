"""What must hold for any rows: order, replay, undo, limits, disjoint intervals, nobody lost."""

from __future__ import annotations

from contextlib import closing
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from identity_warehouse import Warehouse
from random_rows import CHECKED, ROWS, put, state, withdraw


@CHECKED
@given(rows=ROWS, data=st.data())
def test_rows_in_any_order_and_any_number_of_runs_give_the_same_customers(rows, data):
    numbered = list(enumerate(rows))
    shuffled = data.draw(st.permutations(numbered))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), min_size=1, max_size=3)))
    with closing(Warehouse()) as once, closing(Warehouse()) as often:
        put(once, numbered)
        once.resolve()
        published = set()
        for start, end in pairwise([0, *cuts, len(rows)]):
            put(often, shuffled[start:end])
            often.resolve()
            published |= {row[0] for row in often.rows("select customer_id from identity.customers")}
        assert state(once) == state(often)
        alive = {row[0] for row in often.rows("select customer_id from identity.customers")}
        redirected = dict(often.rows("select old_id, new_id from identity.id_redirects"))
        assert published - alive == set(redirected), "every id ever published resolves, and only those that are gone"
        assert {new for new in redirected.values() if new} <= alive


@CHECKED
@given(rows=ROWS, more=ROWS)
def test_rows_that_are_withdrawn_again_leave_no_trace_in_the_state(rows, more):
    with closing(Warehouse()) as warehouse:
        put(warehouse, list(enumerate(rows)))
        warehouse.resolve()
        before = state(warehouse)
        put(warehouse, list(enumerate(more, start=30)))
        warehouse.resolve()
        withdraw(warehouse, lambda row: row >= 30)
        warehouse.resolve()
        assert state(warehouse) == before
        alive = {row[0] for row in warehouse.rows("select customer_id from identity.customers")}
        ever = {row[0] for row in warehouse.rows("select customer_id from identity.membership")}
        assert ever - alive == {row[0] for row in warehouse.rows("select old_id from identity.id_redirects")}


@CHECKED
@given(rows=ROWS)
def test_limits_hold_intervals_are_disjoint_and_nobody_is_lost(rows):
    with closing(Warehouse()) as warehouse:
        put(warehouse, list(enumerate(rows)))
        warehouse.resolve()
        overlapping = warehouse.rows(
            """
            select a.device_key from identity.device_intervals a join identity.device_intervals b
                on a.device_key = b.device_key and a.valid_from < b.valid_to and b.valid_from < a.valid_to
                    and (a.valid_from, a.customer_id) <> (b.valid_from, b.customer_id)
            """
        )
        lost = warehouse.rows(
            """
            (select subject_id from std.std_persons union select subject_id from std.std_identifiers)
            except all select subject_id from identity.id_lookup
            """
        )
        invented = warehouse.rows(
            """
            select subject_id from identity.id_lookup except all
            (select subject_id from std.std_persons union select subject_id from std.std_identifiers)
            """
        )
        unknown = warehouse.rows(
            "select customer_id from identity.id_lookup where customer_id is not null "
            "except select customer_id from identity.customers"
        )
        housed = warehouse.rows(
            "select customer_id from identity.households group by 1 having count(*) > 1 union all "
            "select household_id from identity.households group by 1 having count(*) < 2"
        )
        found = (warehouse.exceeded_limits(), overlapping, lost, invented, unknown, housed)
        assert found == ([], [], [], [], [], [])
