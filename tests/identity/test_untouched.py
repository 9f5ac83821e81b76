"""Only the customers concerned change; everybody else keeps id, membership, golden cells, and is in no event."""

from __future__ import annotations

from contextlib import closing

import pytest
from crowd import gather_crowd, learned_from_crowd
from hypothesis import given
from hypothesis import strategies as st
from identity_warehouse import Warehouse
from random_rows import CHECKED, ROWS, put, shuffle, state, withdraw
from steward import DECISIONS, Steward

FIRST_OTHER = 1000  # bystanders' numbers; random rows are smaller
NORA = {"first_name": "Nora", "last_name": "Vandenberg", "birth_date": "1971-05-06", "street": "Seestrasse 3"}


def put_bystanders(warehouse: Warehouse) -> None:
    """One of each kind who shares nothing with a random row."""
    at = "2024-01-01"
    warehouse.person("crm:1000", ids={"email": "nora@sea.de", "user_id": "nora"}, postcode="99999", **NORA)
    warehouse.person("shop:1001", ids={"email": "nora@sea.de", "phone": "+442079461234"}, **NORA)
    warehouse.identify("app:~1002", ids={"user_id": "nora", "device_id": "sea"})
    warehouse.identify("mail:~1003", ids={"email": "reader@sea.de"})
    warehouse.identify("web:~1004", ids={"device_id": "shore"})
    for subject in ("app:~1002", "mail:~1003", "web:~1004"):
        warehouse.event(subject, at)


def told_of_bystanders(warehouse: Warehouse) -> list[list[tuple]]:
    mine = (
        "select customer_id from identity.membership where subject_id ~ '.*:~?10[0-9]{2}' "
        "or subject_id like '%sea.de' or subject_id like '%|sea' or subject_id like '%|shore'"
    )
    return [
        warehouse.rows(f"from identity.{table} where {column} in ({mine}) order by all")
        for table, column in (
            ("membership", "customer_id"),
            ("golden_cell_history", "customer_id"),
            ("customers", "customer_id"),
            ("id_events", "customer_id"),
            ("id_events", "other_id"),
            ("id_redirects", "old_id"),
            ("id_redirects", "new_id"),
        )
    ]


@pytest.mark.proof
@CHECKED
@given(rows=ROWS, more=ROWS, made=DECISIONS, uses_model=st.booleans())
def test_random_merges_and_splits_leave_whoever_they_do_not_concern_as_they_were(rows, more, made, uses_model):
    model = learned_from_crowd() if uses_model else None
    with closing(Warehouse()) as warehouse, closing(Steward()) as steward:
        put_bystanders(warehouse)
        put(warehouse, list(enumerate(rows)))
        warehouse.resolve(model=model)
        before = told_of_bystanders(warehouse)
        assert [len(table) for table in before] == [8, 5, 3, 3, 0, 0, 0]
        put(warehouse, list(enumerate(more, start=30)))
        warehouse.resolve(model=model)
        assert told_of_bystanders(warehouse) == before
        decided = [steward.decide(*pair, verdict) for pair, verdict in made]
        warehouse.resolve(decisions=steward.effective(), model=model)
        assert told_of_bystanders(warehouse) == before
        withdraw(warehouse, lambda row: row < FIRST_OTHER and row % 2 == 0)
        for decision in decided:
            steward.undo(decision)
        warehouse.resolve(decisions=steward.effective(), model=model)
        assert told_of_bystanders(warehouse) == before


@CHECKED
@given(rows=ROWS, made=DECISIONS, seed=st.integers(0, 99))
def test_the_same_rows_again_in_any_order_change_no_id_and_add_nothing_to_the_history(rows, made, seed):
    with closing(Warehouse()) as warehouse, closing(Steward()) as steward:
        put(warehouse, list(enumerate(rows)))
        for pair, verdict in made:
            steward.decide(*pair, verdict)
        warehouse.resolve(decisions=steward.effective())
        before = state(warehouse)
        shuffle(warehouse, seed)
        report = warehouse.resolve(decisions=steward.effective())
        assert state(warehouse) == before
        written = (report.membership_opened, report.membership_closed, report.cells_opened, report.cells_closed)
        assert (report.events, written) == ({}, (0, 0, 0, 0))


@pytest.mark.proof
def test_with_a_model_the_same_people_again_in_any_order_and_in_other_batches_keep_every_id():
    model = learned_from_crowd()
    with closing(Warehouse()) as once, closing(Warehouse()) as thrice:
        gather_crowd(once)
        assert once.resolve(model=model).clusters > 50, "the model finds people who were recorded twice"
        expected = state(once)
        shuffle(once, 1)
        report = once.resolve(model=model)
        assert state(once) == expected
        written = (report.membership_opened, report.membership_closed, report.cells_opened, report.cells_closed)
        assert (report.events, written) == ({}, (0, 0, 0, 0))
        for part in (2, 0, 1):
            gather_crowd(thrice, part=part, parts=3)
            thrice.resolve(model=model)
            assert thrice.unresolved_ids() == []
        assert state(thrice) == expected
