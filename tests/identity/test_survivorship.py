"""Golden profiles: which record each value comes from."""

from __future__ import annotations

G = {"government_id": "G"}


def cells(warehouse) -> dict[str, tuple[str, str, str]]:
    rows = warehouse.rows("select attribute, value, record_id, rule from identity.golden_cells")
    return {attribute: rest for attribute, *rest in rows}


def trust(warehouse, **ranks: int) -> None:
    warehouse.con.execute("create schema control")
    warehouse.con.execute("create table control.datasets (dataset varchar, survivorship_rank int)")
    for dataset, rank in ranks.items():
        warehouse.con.execute("insert into control.datasets values (?, ?)", [dataset, rank])


def test_the_most_trusted_dataset_goes_before_the_most_recent_value(warehouse):
    trust(warehouse, crm=2, shop=1)
    warehouse.person("crm:1", ids=G, occupation="baker", language="de", valid_at="2024-06-01")
    warehouse.person("shop:1", ids=G, occupation="cook", valid_at="2020-01-01")
    warehouse.resolve()
    found = cells(warehouse)
    assert found["occupation"] == ["cook", "shop:1", "source_priority"]
    assert found["language"] == ["de", "crm:1", "source_priority"]


def test_without_ranks_the_latest_value_survives_then_the_smallest_record(warehouse):
    warehouse.person("crm:2", ids=G, occupation="baker", valid_at="2024-06-01")
    warehouse.person("crm:1", ids=G, occupation="cook", valid_at="2024-06-01")
    warehouse.person("crm:0", ids=G, occupation="actor")
    warehouse.resolve()
    assert cells(warehouse)["occupation"][:2] == ["cook", "crm:1"]


def test_an_attribute_may_have_a_rule_of_its_own(warehouse, configure):
    trust(warehouse, crm=1, shop=2)
    warehouse.person("crm:1", ids=G, email="old@mail.de", valid_at="2020-01-01")
    warehouse.person("shop:1", ids=G, email="new@mail.de", valid_at="2024-01-01")
    warehouse.resolve(configure(survivorship={"email": "most_recent"}))
    assert cells(warehouse)["email"] == ["new@mail.de", "shop:1", "most_recent"]
    warehouse.resolve(configure(survivorship={"default": "oldest"}))
    assert cells(warehouse)["email"] == ["old@mail.de", "crm:1", "oldest"]


def test_an_address_comes_from_one_record_and_a_country_alone_is_none(warehouse):
    trust(warehouse, crm=1, shop=2)
    warehouse.person("crm:1", ids=G, country="FR")
    warehouse.person("shop:1", ids=G, street="High Street 1", city="York", country="GB")
    warehouse.resolve()
    found = cells(warehouse)
    assert {found[a][1] for a in ("street", "city", "country")} == {"shop:1"}
    assert warehouse.rows("select street, city, region, country from identity.golden_profiles") == [
        ("High Street 1", "York", None, "GB")
    ]


def test_a_name_comes_from_one_record(warehouse):
    trust(warehouse, crm=1, shop=2)
    warehouse.person("crm:1", ids=G, last_name="Miller")
    warehouse.person("shop:1", ids=G, first_name="Ann", last_name="Carpenter", title="Dr")
    warehouse.resolve()
    assert warehouse.rows("select title, first_name, last_name from identity.golden_profiles") == [
        (None, None, "Miller")
    ]


def test_every_known_customer_has_one_profile_and_no_other_has(warehouse):
    warehouse.person("crm:1", ids={"email": "a@mail.de"}, birth_date="1980-01-01", income="10.50")
    warehouse.identify("mail:~1", ids={"email": "b@mail.de"})
    warehouse.resolve()
    assert warehouse.rows("select birth_date::varchar, income::varchar from identity.golden_profiles") == [
        ("1980-01-01", "10.50")
    ]


def test_two_spellings_of_a_phone_and_an_email_are_one_golden_value(warehouse):
    # Regression: 0171 … and +49 171 … were published as two different tokens.
    warehouse.person("crm:1", phone="0171 2345678", email="Ann@Mail.de", country="DE", ids={"phone": "0171 2345678"})
    warehouse.identify("crm:1", ids={"email": "Ann@Mail.de"})
    warehouse.person("shop:1", phone="+49 171-2345678", email="ann@mail.de ", first_name="Bo")
    warehouse.identify("shop:1", ids={"phone": "+49 171-2345678", "email": "ann@mail.de "})
    warehouse.person("crm:2", phone="0000000", ids={"phone": "0000000"}, first_name="Cid")
    warehouse.resolve()
    assert set(warehouse.rows("select phone, email from identity.golden_profiles")) == {
        ("+491712345678", "ann@mail.de"),
        (None, None),
    }
