"""What was believed at a moment is given back exactly, whatever happened afterwards."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta

import pytest
from crowd import learned_from_crowd
from hypothesis import given
from hypothesis import strategies as st
from identity_warehouse import Warehouse
from random_rows import CHECKED, ROWS, put, withdraw
from steward import DECISIONS, Steward

from identity.as_of import customers_as_of, golden_cells_as_of, membership_as_of, resolve_id

STEPS = st.lists(
    st.fixed_dictionaries(
        {
            "rows": ROWS,
            "decisions": DECISIONS,
            "undo": st.booleans(),  # the decisions of the step before
            "withdraw": st.integers(0, 3),  # every third row that is there, beginning here; 3: none
            "model": st.booleans(),
        }
    ),
    min_size=3,
    max_size=4,
)
PRESENT = {
    "membership": "select subject_id, kind, customer_id, valid_from, valid_to from identity.membership "
    "where known_to is null",
    "golden_cells": "from identity.golden_cells",
    "customers": "select customer_id, knowledge_level, anchor, records, identifiers from identity.customers",
}
AS_OF = {"membership": membership_as_of, "golden_cells": golden_cells_as_of, "customers": customers_as_of}


def believed(warehouse: Warehouse, at: datetime | None) -> dict[str, list[tuple]]:
    return {name: warehouse.rows(f"from ({query(at)}) order by all") for name, query in AS_OF.items()}


def redirected(warehouse: Warehouse) -> dict[str, set]:
    """Where every id ever published leads now, by the tables that say so."""
    found: dict[str, set] = {}
    for old, new in warehouse.rows(
        "select customer_id, customer_id from identity.customers "
        "union all select old_id, new_id from identity.id_redirects"
    ):
        found.setdefault(old, set()).update({new} - {None})
    return found


@pytest.mark.proof
@CHECKED
@given(steps=STEPS)
def test_every_state_ever_published_and_every_id_is_given_back_as_it_was(steps):
    kept, made = [], []
    with closing(Warehouse()) as warehouse, closing(Steward()) as steward:
        for number, step in enumerate(steps):
            if step["undo"]:
                for decision in made:
                    steward.undo(decision)
            made = [steward.decide(*pair, verdict) for pair, verdict in step["decisions"]]
            if step["withdraw"] < 3:
                withdraw(warehouse, lambda row, first=step["withdraw"]: row % 3 == first)
            put(warehouse, list(enumerate(step["rows"], start=20 * number)))
            warehouse.resolve(decisions=steward.effective(), model=learned_from_crowd() if step["model"] else None)
            present = {name: warehouse.rows(f"from ({query}) order by all") for name, query in PRESENT.items()}
            kept.append((datetime(2025, 1, number + 1), present, redirected(warehouse)))
            assert warehouse.unresolved_ids() == []
        assert believed(warehouse, datetime(2024, 12, 31)) == {name: [] for name in AS_OF}
        assert believed(warehouse, None) == kept[-1][1]
        for at, present, leads in kept:
            for moment in (at, at + timedelta(hours=23)):
                assert believed(warehouse, moment) == present
            for customer_id, targets in leads.items():
                assert {new for (new,) in warehouse.rows(resolve_id(customer_id, at))} == targets


def test_a_customer_and_its_profile_are_told_as_they_were_before_a_merge(warehouse):
    warehouse.person("crm:1", on="2024-01-01", ids={"email": "a@mail.de"}, first_name="Ann", last_name="Miller")
    warehouse.person("shop:1", on="2024-02-01", ids={"user_id": "u"}, first_name="Ann", last_name="Smith")
    warehouse.resolve(at="2025-01-01")
    old = warehouse.customer_of("shop:1")
    warehouse.identify("web:~1", on="2024-03-01", ids={"email": "a@mail.de", "user_id": "u"})
    warehouse.resolve(at="2025-02-01")
    new = warehouse.customer_of("shop:1")
    surnames = "select value from ({}) where attribute = 'last_name' order by value"
    assert warehouse.rows(surnames.format(golden_cells_as_of(datetime(2025, 1, 15)))) == [("Miller",), ("Smith",)]
    assert warehouse.rows(surnames.format(golden_cells_as_of())) == [("Miller",)]
    ids = [[str(found) for (found,) in warehouse.rows(resolve_id(old, at))] for at in (datetime(2025, 1, 15), None)]
    assert ids == [[old], [new]]


def test_an_id_published_later_leads_back_to_the_id_its_people_had_then(warehouse):
    warehouse.person("crm:1", on="2024-02-01", ids={"user_id": "u"})
    warehouse.resolve(at="2025-01-01")
    before = warehouse.customer_of("crm:1")
    warehouse.person("old:1", on="2023-01-01", ids={"user_id": "u"})
    warehouse.resolve(at="2025-02-01")
    later = warehouse.customer_of("crm:1")
    assert [str(found) for (found,) in warehouse.rows(resolve_id(later, datetime(2025, 1, 15)))] == [before]
    assert warehouse.rows(resolve_id(later, datetime(2024, 1, 1))) == []


def test_an_id_that_is_gone_leads_to_its_last_members_not_to_one_that_had_left_before(warehouse):
    warehouse.person("crm:1", on="2024-01-01", ids={"government_id": "A"})
    warehouse.person("crm:2", on="2024-02-01", ids={"government_id": "B"})
    warehouse.resolve()
    gone = warehouse.customer_of("crm:2")
    warehouse.person("crm:3", on="2024-03-01", ids={"government_id": "B"})
    warehouse.resolve()
    withdraw(warehouse, lambda row: row == 3)
    warehouse.person("crm:3", on="2024-03-01")
    warehouse.resolve()
    warehouse.identify("crm:2", on="2024-02-01", ids={"government_id": "A"})
    warehouse.resolve()
    assert [str(found) for (found,) in warehouse.rows(resolve_id(gone))] == [warehouse.customer_of("crm:1")]


def test_an_id_nobody_ever_had_leads_nowhere_and_what_is_no_id_is_refused(warehouse):
    warehouse.person("crm:1")
    warehouse.resolve()
    assert warehouse.rows(resolve_id("00000000-0000-0000-0000-000000000000")) == []
    with pytest.raises(ValueError, match="not a UUID"):
        resolve_id("crm:1' or true --")


def test_only_cells_that_changed_are_written_and_none_is_ever_rewritten(warehouse):
    warehouse.person("crm:1", occupation="baker", language="de", valid_at="2024-01-01")
    warehouse.person("crm:2", occupation="cook", language="fr", valid_at="2024-01-01")
    first = warehouse.resolve(at="2025-01-01")
    before = warehouse.rows("from identity.golden_cell_history order by all")
    warehouse.con.execute("update std.std_persons set occupation = 'actor' where subject_id = 'crm:1'")
    second = warehouse.resolve(at="2025-02-01")
    after = warehouse.rows("from identity.golden_cell_history order by all")
    assert (first.cells_opened, first.cells_closed, second.cells_opened, second.cells_closed) == (4, 0, 1, 1)
    assert len(set(before) & set(after)) == 3
    assert {row[:-1] for row in before} < {row[:-1] for row in after}


def test_a_clock_that_is_put_back_does_not_make_the_past_uncertain(warehouse):
    # Regression: rows were closed before the moment they had been opened at, and no moment gave the state back.
    warehouse.person("crm:1", occupation="baker")
    warehouse.resolve(at="2025-02-01")
    warehouse.con.execute("update std.std_persons set occupation = 'cook'")
    warehouse.resolve(at="2025-01-01")
    assert (
        warehouse.rows("select known_from, known_to from identity.golden_cell_history where known_to < known_from")
        == []
    )
    assert warehouse.rows(golden_cells_as_of(datetime(2025, 2, 1)))[0][2] == "cook"
    assert warehouse.rows(golden_cells_as_of(datetime(2025, 1, 1))) == []


def test_a_home_that_kept_cells_without_a_history_begins_one(warehouse):
    warehouse.con.execute("create schema identity")
    warehouse.con.execute("create table identity.golden_cells (customer_id uuid, attribute varchar)")
    warehouse.person("crm:1", occupation="baker")
    warehouse.resolve()
    assert warehouse.rows("select value from identity.golden_cells") == [("baker",)]
