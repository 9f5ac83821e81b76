"""Households: who lives together, under an id that no run enters, and nobody is merged."""

from __future__ import annotations

import pytest
from test_history import drop, id_of

HOME = {"street": "Lindenweg 7", "postcode": "53113", "country": "DE"}
AWAY = {"street": "Am Markt 1", "postcode": "10115", "country": "DE"}


def households(warehouse) -> set[frozenset[str]]:
    """Record subjects by household."""
    rows = warehouse.rows(
        "select list(l.subject_id) from identity.households join identity.id_lookup l using (customer_id) "
        "group by household_id"
    )
    return {frozenset(subjects) for (subjects,) in rows}


def test_customers_of_one_address_and_family_name_are_one_household_and_stay_two_customers(warehouse):
    warehouse.person("crm:1", first_name="Ann", last_name="Miller", **HOME)
    warehouse.person("shop:2", first_name="Bob", last_name="MILLER", street="lindenweg 7.", postcode="53113",
                     country="de")  # fmt: skip
    warehouse.person("crm:3", first_name="Cat", last_name="Smith", **HOME)
    warehouse.person("crm:4", first_name="Dan", last_name="Miller", **AWAY)
    report = warehouse.resolve()
    assert households(warehouse) == {frozenset({"crm:1", "shop:2"})}
    assert report.households == 1
    assert report.customers == {"known": 4}


@pytest.mark.parametrize(
    ("left", "right", "together"),
    [
        ("Müller-Schmidt", "Schmidt", True),
        ("García López", "García Ruiz", True),
        ("van der Berg", "Berg", True),
        ("van der Berg", "van Dijk", False),
        ("O'Neil", "ONeil", True),
        ("Ng", "Ng", True),
        ("Ng Li", "Li", False),  # a part of two letters is a particle as often as a name
        (None, None, False),
    ],
)
def test_a_part_of_a_double_name_is_shared_and_a_particle_is_not(warehouse, left, right, together):
    warehouse.person("crm:1", first_name="Ann", last_name=left, **HOME)
    warehouse.person("crm:2", first_name="Bob", last_name=right, **HOME)
    warehouse.resolve()
    assert bool(households(warehouse)) is together


def test_a_double_name_joins_the_two_families_it_is_made_of(warehouse):
    for number, (first, last) in enumerate([("Ann", "Miller"), ("Bob", "Smith"), ("Cat", "Miller-Smith")]):
        warehouse.person(f"crm:{number}", first_name=first, last_name=last, **HOME)
    warehouse.resolve()
    assert households(warehouse) == {frozenset({"crm:0", "crm:1", "crm:2"})}


def test_the_name_of_an_earlier_record_joins_its_family_and_an_earlier_address_does_not(warehouse):
    warehouse.person("crm:1", valid_at="2024-01-01", ids={"customer_id": "1"}, first_name="Ann", last_name="Miller",
                     **AWAY)  # fmt: skip
    warehouse.person("shop:1", valid_at="2024-06-01", ids={"customer_id": "1"}, first_name="Ann", last_name="Smith",
                     **HOME)  # fmt: skip
    warehouse.person("crm:2", first_name="Bob", last_name="Miller", **AWAY)
    warehouse.person("crm:3", first_name="Cat", last_name="Miller", **HOME)
    warehouse.person("crm:4", first_name="Dan", last_name="Smith", **HOME)
    warehouse.resolve()
    assert households(warehouse) == {frozenset({"crm:1", "shop:1", "crm:3", "crm:4"})}


def test_an_address_with_more_records_than_the_fan_out_makes_no_household(warehouse, configure):
    for number in range(3):
        warehouse.person(f"crm:{number}", first_name=["Ann", "Bob", "Cat"][number], last_name="Miller", **HOME)
    warehouse.resolve(configure(limits={"fan_out": {"address": 3}}))
    assert len(households(warehouse)) == 1
    for match_address in (True, False):
        config = configure(limits={"fan_out": {"address": 2}}, guard={"match_address": match_address})
        warehouse.resolve(config)
        assert households(warehouse) == set()


def test_the_office_of_an_organisation_is_nobodys_home(warehouse):
    warehouse.person("crm:1", first_name="Ann", last_name="Miller", account_key="biz:a", **HOME)
    warehouse.person("crm:2", first_name="Bob", last_name="Miller", account_key="biz:a", **HOME)
    warehouse.resolve()
    assert households(warehouse) == set()


def test_a_shared_loyalty_account_is_a_household_where_the_company_guards_its_number(warehouse, configure):
    for subject, first, last, place in (("crm:1", "Ann", "Miller", HOME), ("crm:2", "Bob", "Smith", AWAY)):
        warehouse.person(subject, ids={"loyalty_number": "L1"}, first_name=first, last_name=last, **place)
    guarded = {"identifiers": ["email", "phone", "loyalty_number"]}
    warehouse.resolve(configure(guard=guarded))
    assert households(warehouse) == {frozenset({"crm:1", "crm:2"})}
    assert warehouse.rows("select distinct reason from identity.households") == [("loyalty",)]
    warehouse.resolve(configure(guard=guarded, limits={"fan_out": {"loyalty_number": 1}}))
    assert households(warehouse) == set(), "a card of half the town"
    warehouse.resolve()  # a number that is one person's merges, and is no household
    assert (households(warehouse), len(warehouse.groups())) == (set(), 1)


def test_a_member_says_all_it_shares(warehouse, configure):
    for subject, first, ids in (("crm:1", "Ann", "L1"), ("crm:2", "Bob", "L1"), ("crm:3", "Cat", None)):
        warehouse.person(subject, ids={"loyalty_number": ids} if ids else {}, first_name=first, last_name="Miller",
                         **HOME)  # fmt: skip
    warehouse.resolve(configure(guard={"identifiers": ["email", "phone", "loyalty_number"]}))
    assert warehouse.rows("select reason, count(*) from identity.households group by 1 order by 1") == [
        ("address", 1),
        ("address,loyalty", 2),
    ]


def test_a_household_keeps_its_id_while_its_first_member_stays(warehouse):
    warehouse.person("crm:2", on="2024-01-01", first_name="Bob", last_name="Miller", **HOME)
    warehouse.person("crm:1", on="2024-02-01", first_name="Ann", last_name="Miller", **HOME)
    warehouse.resolve()
    of_bob = [(id_of("household|crm:2"),)]
    assert warehouse.rows("select distinct household_id::varchar from identity.households") == of_bob
    warehouse.person("crm:3", on="2024-03-01", first_name="Cat", last_name="Miller", **HOME)
    drop(warehouse, "crm:1")
    warehouse.resolve()
    assert warehouse.rows("select distinct household_id::varchar from identity.households") == of_bob
    drop(warehouse, "crm:3")
    warehouse.resolve()
    assert warehouse.rows("from identity.households") == [], "one person is no household"
