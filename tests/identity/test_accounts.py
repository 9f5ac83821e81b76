"""Groups of organisations: by parent, registration number and mail domain; nobody who works there is merged."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from test_history import id_of

from identity.hierarchy import find_tops


def groups(warehouse) -> set[frozenset[str]]:
    rows = warehouse.rows("select list(account_key) from identity.account_groups group by account_group_id")
    return {frozenset(keys) for (keys,) in rows}


def tops(warehouse) -> dict[str, tuple[str, bool]]:
    rows = warehouse.rows("select account_key, top_parent_key, is_in_cycle from identity.account_groups")
    return {key: (top, is_in_cycle) for key, top, is_in_cycle in rows}


def test_a_holding_and_what_it_owns_are_one_group_with_the_holding_on_top(warehouse):
    warehouse.account("b:holding")
    warehouse.account("b:works", parent_key="b:holding")
    warehouse.account("b:shop", parent_key="b:works")
    warehouse.account("b:alone")
    warehouse.account("b:itself", parent_key="b:itself")
    warehouse.account("b:orphan", parent_key="b:unheard_of")
    report = warehouse.resolve()
    assert groups(warehouse) == {
        frozenset({"b:holding", "b:works", "b:shop"}),
        frozenset({"b:orphan", "b:unheard_of"}),
    }
    assert report.account_groups == 2
    assert tops(warehouse) == {
        **dict.fromkeys(("b:holding", "b:works", "b:shop"), ("b:holding", False)),
        **dict.fromkeys(("b:orphan", "b:unheard_of"), ("b:unheard_of", False)),
    }
    ids = warehouse.rows("select distinct account_group_id::varchar from identity.account_groups order by 1")
    assert ids == sorted([(id_of("account_group|b:holding"),), (id_of("account_group|b:orphan"),)])


def test_parents_in_a_circle_lose_no_account_and_are_told(warehouse):
    warehouse.account("b:2", parent_key="b:3")
    warehouse.account("b:3", parent_key="b:1")
    warehouse.account("b:1", parent_key="b:2")
    warehouse.account("b:0", parent_key="b:3")
    warehouse.resolve()
    assert tops(warehouse) == {
        **dict.fromkeys(("b:1", "b:2", "b:3"), ("b:1", True)),
        "b:0": ("b:1", False),  # hangs below the circle
    }


def test_the_parent_is_the_one_the_most_trusted_dataset_states(warehouse):
    warehouse.con.execute("create schema control")
    warehouse.con.execute(
        "create table control.datasets as from (values ('erp', 1), ('crm', 2)) d(dataset, survivorship_rank)"
    )
    warehouse.account("b:1", dataset="crm", parent_key="b:wrong")
    warehouse.account("b:1", dataset="erp", parent_key="b:right")
    warehouse.resolve()
    assert tops(warehouse)["b:1"] == ("b:right", False)
    assert groups(warehouse) == {frozenset({"b:1", "b:right"})}


def test_one_registration_number_however_written_is_one_group_in_one_country(warehouse):
    for key, number, country in (
        ("crm:1", "HRB 12-345", "DE"),
        ("erp:1", "hrb12345", "de"),
        ("erp:2", "HRB 12345", "AT"),
        ("erp:3", "n/a", "DE"),
        ("erp:4", "N/A", "DE"),
        ("erp:5", None, "DE"),
    ):
        warehouse.account(key, registration_number=number, country=country)
    warehouse.resolve()
    assert groups(warehouse) == {frozenset({"crm:1", "erp:1"})}
    assert tops(warehouse) == {"crm:1": ("crm:1", False), "erp:1": ("erp:1", False)}


def test_accounts_are_one_group_where_most_of_their_people_write_from_one_domain(warehouse, configure):
    people = [
        ("b:1", "ann@acme.example"),
        ("b:1", "bob@acme.example"),
        ("b:1", "adviser@law.example"),
        ("b:2", "Cat@ACME.example"),
        ("b:3", "dan@law.example"),
        ("b:4", "eve@gmail.com"),
        ("b:5", "fay@gmail.com"),
        ("b:6", "gus@city-net.example"),
        ("b:7", "hal@city-net.example"),
    ]
    for number, (account, email) in enumerate(people):
        warehouse.person(f"crm:{number}", account_key=account, email=email, ids={"email": email})
    warehouse.resolve(configure(public_mail_domains=["city-net.example"]))
    assert groups(warehouse) == {frozenset({"b:1", "b:2"})}
    assert warehouse.rows("select distinct reason from identity.account_groups") == [("domain",)]
    assert len(warehouse.groups()) == len(people)


def test_a_domain_of_very_many_accounts_groups_none_of_them(warehouse):
    for number in range(11):
        warehouse.person(f"crm:{number}", account_key=f"b:{number}", email=f"p{number}@host.example")
    warehouse.resolve()
    assert groups(warehouse) == set()


def walk(parent: list[int], node: int) -> tuple[int, bool]:
    """The top of one node, step by step."""
    way = [node]
    while parent[way[-1]] not in way:
        way.append(parent[way[-1]])
    circle = way[way.index(parent[way[-1]]) :]
    return min(circle), len(circle) > 1 and node in circle


@given(st.data())
def test_the_top_of_every_node_is_what_a_walk_finds(data):
    count = data.draw(st.integers(0, 12))
    parent = [data.draw(st.integers(0, count - 1)) for _ in range(count)]
    top, is_in_cycle = find_tops(np.array(parent, dtype=np.int32))
    expected = [walk(parent, node) for node in range(count)]
    assert list(zip(top.tolist(), is_in_cycle.tolist(), strict=True)) == expected
