"""The hard cases, each on a few rows made by hand; after every one of them no limit is exceeded.

Put here: cases in which a careless rule merges two people. Keep out: single rules (test_linking.py, test_stitching.py).
"""

from __future__ import annotations

import pytest
from identity_warehouse import Warehouse

ANN = {"first_name": "Ann", "last_name": "Miller"}
BOB = {"first_name": "Bob", "last_name": "Miller"}
HOME = {"street": "High Street 1", "postcode": "AB1 2CD", "country": "GB"}


@pytest.fixture
def warehouse(tmp_path):
    found = Warehouse(tmp_path / "warehouse.duckdb")
    yield found
    exceeded = found.exceeded_limits()
    found.close()
    assert exceeded == []


def owners(warehouse: Warehouse) -> dict[str, str]:
    """Interaction -> login of the customer it belongs to."""
    return dict(
        warehouse.rows(
            """
            select i.interaction_id, split_part(c.anchor, '|', 3)
            from std.std_interactions i
            join identity.id_lookup l using (subject_id)
            left join identity.device_intervals v
                on v.device_key = l.device_key and i.occurred_at >= v.valid_from and i.occurred_at < v.valid_to
            join identity.customers c on c.customer_id = coalesce(l.customer_id, v.customer_id)
            """
        )
    )


def test_two_people_who_log_in_on_one_tablet_stay_two_and_each_keeps_what_they_did(warehouse):
    tablet = {"device_id": "tablet"}
    warehouse.identify("app:~nobody", ids=tablet)
    for name in ("ann", "bob"):
        warehouse.identify(f"app:~{name}", ids={"user_id": name, **tablet})
    visits = ["ann", "nobody", "bob", "nobody", "ann", "nobody"]
    for day, who in enumerate(visits, start=1):
        warehouse.event(f"app:~{who}", f"2024-05-0{day}")
    warehouse.resolve()
    assert len(warehouse.groups()) == 2
    seen = [owners(warehouse)[f"i{number:04d}"] for number in range(len(visits))]
    assert seen == ["ann", "ann", "bob", "bob", "ann", "ann"]


def test_a_family_mailbox_links_each_members_own_records_and_stands_alone(warehouse):
    box = {"email": "millers@mail.de"}
    for dataset in ("crm", "shop"):
        warehouse.person(f"{dataset}:ann", ids=box, **ANN)
        warehouse.person(f"{dataset}:bob", ids=box, **BOB)
    warehouse.identify("web:~box", ids=box)
    warehouse.resolve()
    assert warehouse.groups() == {
        frozenset({"crm:ann", "shop:ann"}),
        frozenset({"crm:bob", "shop:bob"}),
        frozenset({"web:~box"}),
    }
    assert warehouse.state_of("millers@mail.de") == "contested"
    refused = warehouse.rows("select distinct reason from identity.edges where state = 'refused'")
    assert refused == [("first name contradicts",)]


def test_a_kiosk_on_which_ten_thousand_people_log_in_merges_none_of_them(warehouse):
    warehouse.con.execute(
        """
        insert into std.std_identifiers by name
        select 'kiosk' as dataset, 'kiosk:~' || n as record_id, record_id as subject_id,
            date '2024-01-01' as arrived_on, arrived_on as first_arrived_on, kind as identifier_type,
            'main' as namespace, case kind when 'user_id' then 'u' || n else 'kiosk' end as value
        from range(10_000) r(n), (values ('user_id'), ('device_id')) k(kind)
        """
    )
    warehouse.con.execute(
        """
        insert into std.std_interactions by name
        select 'kiosk' as dataset, 'kiosk:~' || n as subject_id, 'login' as touchpoint, 'i' || n as interaction_id,
            timestamp '2024-01-01' + to_minutes(n) as occurred_at, 50 as priority, 0 as sequence, 1 as slot
        from range(10_000) r(n)
        """
    )
    warehouse.resolve()
    assert warehouse.rows("select count(*), max(identifiers) from identity.customers") == [(10_000, 1)]
    # Everybody has the kiosk until the next one logs in.
    assert warehouse.rows(
        "select count(*), count(distinct customer_id), count(*) filter (reason = 'next login') "
        "from identity.device_intervals"
    ) == [(10_000, 10_000, 9_999)]


def test_a_role_mailbox_is_nobodys_and_what_is_done_from_it_is_its_own(warehouse):
    for dataset in ("crm", "shop"):
        warehouse.person(f"{dataset}:1", ids={"email": "info@mail.de"}, **ANN)
    warehouse.identify("web:~1", ids={"email": "info@mail.de"})
    warehouse.resolve()
    assert len(warehouse.groups()) == 3
    assert warehouse.state_of("info@mail.de") == "hub"


def test_a_recycled_phone_with_the_same_first_name_does_not_link_other_family_names(warehouse):
    warehouse.person("crm:1", ids={"phone": "+442079460018"}, first_name="Ann", last_name="Miller")
    warehouse.person("shop:1", ids={"phone": "+442079460018"}, first_name="Ann", last_name="Carpenter")
    warehouse.resolve()
    assert len(warehouse.groups()) == 2


def test_a_recycled_phone_number_leaves_both_owners_and_their_own_records_as_they_are(warehouse):
    phone = {"phone": "+442079460018"}
    for dataset in ("crm", "shop"):
        warehouse.person(f"{dataset}:before", on="2015-01-01", ids=phone, first_name="Ann", last_name="Carpenter")
        warehouse.person(f"{dataset}:after", on="2024-01-01", ids=phone, **BOB)
    warehouse.resolve()
    assert warehouse.groups() == {frozenset({"crm:before", "shop:before"}), frozenset({"crm:after", "shop:after"})}


def test_junk_values_link_nobody(warehouse):
    cases = [
        ({"email": "noreply@mail.de"}, "junk"),
        ({"email": "n/a"}, "junk"),
        ({"phone": "0000000000"}, "junk"),
        ({"customer_id": "unknown"}, "junk"),
    ]
    for number, (ids, _) in enumerate(cases):
        warehouse.person(f"crm:{number}", ids=ids, **ANN)
        warehouse.person(f"shop:{number}", ids=ids, **ANN)
    warehouse.resolve()
    assert len(warehouse.groups()) == 8
    for ids, state in cases:
        assert warehouse.state_of(*ids.values()) == state


def test_twins_at_one_address_who_share_all_but_the_first_name_stay_two(warehouse):
    shared = {"last_name": "Miller", "birth_date": "1990-05-01", "gender": "female", **HOME}
    for dataset in ("crm", "shop"):
        for name in ("Clara", "Emma"):
            ids = {"email": "twins@mail.de", "phone": "+442079460018"}
            warehouse.person(f"{dataset}:{name}", ids=ids, first_name=name, **shared)
    warehouse.resolve()
    assert warehouse.groups() == {frozenset({"crm:Clara", "shop:Clara"}), frozenset({"crm:Emma", "shop:Emma"})}


FATHER_AND_SON = {
    "birth date": ({"birth_date": "1950-01-02"}, {"birth_date": "1980-01-02"}),
    "generation": ({"last_name": "Miller Sr."}, {"last_name": "Miller Jr"}),
}


@pytest.mark.parametrize("told_by", FATHER_AND_SON)
def test_father_and_son_of_one_name_at_one_address_and_phone_stay_two(warehouse, told_by):
    shared = {"first_name": "John", "last_name": "Miller", "gender": "male", **HOME}
    for dataset in ("crm", "shop"):
        for who, own in zip(("father", "son"), FATHER_AND_SON[told_by], strict=True):
            warehouse.person(f"{dataset}:{who}", ids={"phone": "+442079460018"}, **{**shared, **own})
    warehouse.resolve()
    assert warehouse.groups() == {frozenset({"crm:father", "shop:father"}), frozenset({"crm:son", "shop:son"})}


def test_a_steward_who_says_two_is_believed_against_all_evidence(warehouse, steward):
    ids = {"government_id": "G", "loyalty_number": "L", "email": "ann@mail.de", "phone": "+442079460018"}
    for dataset in ("crm", "shop", "web"):
        warehouse.person(f"{dataset}:1", ids=ids, birth_date="1990-05-01", **ANN, **HOME)
    decision = steward.decide("crm:1", "shop:1", "not_same")
    warehouse.resolve(decisions=steward.effective())
    assert warehouse.customer_of("crm:1") != warehouse.customer_of("shop:1")
    assert warehouse.rows("select distinct reason from identity.review_queue") == [("decision",)]
    steward.undo(decision)
    warehouse.resolve(decisions=steward.effective())
    assert warehouse.groups() == {frozenset({"crm:1", "shop:1", "web:1"})}
    assert warehouse.rows("select count(*) from identity.review_queue") == [(0,)]
