"""Names in any script: what is written differently is one name, what is two names stays two."""

from __future__ import annotations

import pytest
from crowd import gather_crowd
from identity_warehouse import TERMS

from identity.config import load_config
from identity.engine import DuckDBEngine
from identity.resolve import learn


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"first_name": "Łukasz", "last_name": "Wójcik"}, {"first_name": "Lukasz", "last_name": "Wojcik"}),
        ({"first_name": "Søren", "last_name": "Kjær"}, {"first_name": "Soren", "last_name": "Kjaer"}),
        ({"first_name": "Иван", "last_name": "Петров"}, {"first_name": "Ivan", "last_name": "Petrov"}),
        ({"first_name": "小明", "last_name": "王"}, {"first_name": "Xiaoming", "last_name": "Wang"}),
        ({"full_name": "王小明"}, {"first_name": "Xiaoming", "last_name": "Wang"}),
        ({"first_name": "Wang", "last_name": "Xiaoming"}, {"first_name": "Xiaoming", "last_name": "Wang"}),
        ({"full_name": "WÓJCIK, Łukasz"}, {"first_name": "Lukasz", "last_name": "Wojcik"}),
    ],
)
def test_one_name_in_two_scripts_or_orders_does_not_contradict(warehouse, ours, theirs):
    warehouse.person("crm:1", ids={"email": "x@mail.example"}, **ours)
    warehouse.person("shop:1", ids={"email": "x@mail.example"}, **theirs)
    warehouse.resolve()
    assert warehouse.customer_of("crm:1") == warehouse.customer_of("shop:1")


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("Иван", "Пётр"), ("小明", "大卫"), ("Łukasz", "Paweł"), ("Maria", "Marie"), ("Jan", "Jana")],
)
def test_two_names_of_any_script_contradict(warehouse, ours, theirs):
    # Regression: Maria and Marie of one birth date and mailbox, twins, were taken for a typo of each other.
    who = {"last_name": "Miller", "birth_date": "1990-05-01", "ids": {"email": "x@mail.example"}}
    warehouse.person("crm:1", first_name=ours, **who)
    warehouse.person("shop:1", first_name=theirs, **who)
    warehouse.resolve()
    assert warehouse.customer_of("crm:1") != warehouse.customer_of("shop:1")


def test_a_model_compares_names_of_one_length_in_letters_but_not_in_bytes(warehouse):
    # Regression: DuckDB's `hamming` refuses texts of unequal bytes; letters no alphabet knows stay as they are.
    gather_crowd(warehouse)
    who = {"last_name": "Miller", "birth_date": "1990-05-01", "street": "Lindenweg 7"}
    warehouse.person("crm:1", first_name="Ma\u1d7f", ids={"email": "ma\u00df@mail.example"}, **who)
    warehouse.person("shop:1", first_name="Mar", ids={"email": "mas@mail.example"}, **who)
    model = learn(DuckDBEngine(warehouse.con), load_config(None, TERMS))
    warehouse.resolve(model=model)
    assert warehouse.customer_of("crm:1") == warehouse.customer_of("shop:1")
