"""A resolve that looks at changes alone gives what a resolve of everything gives: state, history, events, every row."""

from __future__ import annotations

from contextlib import closing

import pytest
from crowd import gather_crowd, learned_from_crowd
from hypothesis import given, settings
from hypothesis import strategies as st
from identity_warehouse import Warehouse
from random_rows import CHECKED, ROWS, put, withdraw
from steward import DECISIONS, Steward

from identity.tables import HISTORY, INDEX, STATE

REGIONS_ONLY = 1.1  # more than all subjects
KEPT = [name for name in (*STATE, *HISTORY, *INDEX) if name not in ("phone_cache", "regions")]


def told(warehouse: Warehouse) -> dict[str, list[tuple]]:
    """Every row of every relation; the cache keeps what was parsed once, regions have numbers of their own."""
    return {
        name: warehouse.rows(f"from identity{'_index' if name in INDEX else ''}.{name} order by all") for name in KEPT
    }


def compare(whole: Warehouse, parts: Warehouse, **given) -> None:
    whole.resolve(**given)
    parts.resolve(full_from=REGIONS_ONLY, **given)
    expected, found = told(whole), told(parts)
    for name in KEPT:
        assert found[name] == expected[name], name


@pytest.mark.proof
@settings(CHECKED, max_examples=20)
@given(batches=st.lists(ROWS, min_size=2, max_size=4), made=DECISIONS, uses_model=st.booleans(), data=st.data())
def test_batches_decisions_and_withdrawals_in_any_order(batches, made, uses_model, data):
    model = learned_from_crowd() if uses_model else None
    with closing(Warehouse()) as whole, closing(Warehouse()) as parts, closing(Steward()) as steward:
        decided = []
        for number, rows in enumerate(batches):
            for warehouse in (whole, parts):
                put(warehouse, list(enumerate(rows, start=20 * number)))
            compare(whole, parts, model=model, decisions=steward.effective())
            for pair, verdict in data.draw(st.lists(st.sampled_from(made), max_size=2)):
                decided.append(steward.decide(*pair, verdict))
            if decided and data.draw(st.booleans()):
                steward.undo(decided.pop())
            compare(whole, parts, model=model, decisions=steward.effective())
            gone = data.draw(st.sets(st.integers(0, 20 * number + 12), max_size=6))
            for warehouse in (whole, parts):
                withdraw(warehouse, lambda row, gone=gone: row in gone)
            compare(whole, parts, model=model, decisions=steward.effective())


def test_people_who_come_in_batches_and_go_again_with_a_model():
    model = learned_from_crowd()
    with closing(Warehouse()) as whole, closing(Warehouse()) as parts:
        for part in (2, 0, 1):
            for warehouse in (whole, parts):
                gather_crowd(warehouse, part=part, parts=3)
            compare(whole, parts, model=model)
        for warehouse in (whole, parts):
            warehouse.con.execute("delete from std.std_persons where regexp_extract(subject_id, '[0-9]+')::int % 7 = 0")
        compare(whole, parts, model=model)


def test_only_the_region_of_a_new_record_is_resolved(warehouse):
    for number in range(100):
        warehouse.person(f"crm:{number}", ids={"email": f"p{number}@mail.de"}, first_name=f"Ann{number}")
    assert warehouse.resolve().resolved == 100
    warehouse.person("shop:7", ids={"email": "p7@mail.de"}, first_name="Ann7")
    report = warehouse.resolve(full_from=0.2)
    assert (report.records, report.resolved) == (101, 2)
    assert warehouse.resolve(full_from=0.2).resolved == 0, "nothing is new"
    # Regression: a snapshot that lands every row again changed everybody.
    for name in ("persons", "identifiers"):
        warehouse.con.execute(f"update std.std_{name} set part_seq = 2, landed_at = now()::timestamp, batch_id = 'b'")
    assert warehouse.resolve(full_from=0.2).resolved == 0, "landed again, and the same"


def test_a_value_that_becomes_a_hub_and_ceases_to_be_one_concerns_all_who_show_it():
    with closing(Warehouse()) as whole, closing(Warehouse()) as parts:
        for warehouse in (whole, parts):
            for number in range(3):
                warehouse.person(
                    f"crm:{number}", ids={"email": "ann@mail.de", "phone": "+442079460018"}, first_name="Ann"
                )
        compare(whole, parts)
        for start, end in ((3, 6), (6, 8)):
            for warehouse in (whole, parts):
                for number in range(start, end):
                    warehouse.person(f"crm:{number}", ids={"email": "ann@mail.de"}, first_name="Ann")
            compare(whole, parts)
        for warehouse in (whole, parts):
            withdraw(warehouse, lambda row: row < 4)
        compare(whole, parts)
        assert parts.state_of("ann@mail.de") == "used"
