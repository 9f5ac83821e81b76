"""Whose a device was, from when to when (semantics section 3, weak identifiers)."""

from __future__ import annotations

from datetime import datetime

import pytest

DEVICE = {"device_id": "d"}


@pytest.fixture
def tablet(warehouse):
    """One device; subjects: nobody (device only), ann and bob (with their logins)."""
    warehouse.identify("app:~nobody", ids=DEVICE)
    for name in ("ann", "bob"):
        warehouse.identify(f"app:~{name}", ids={"user_id": name, **DEVICE})
    return warehouse


def intervals(warehouse) -> list[tuple[str, str, str, str]]:
    """(who, from, to, reason); who by login, times as days."""
    rows = warehouse.rows(
        "select c.anchor, i.valid_from, i.valid_to, i.reason from identity.device_intervals i "
        "join identity.customers c using (customer_id) order by i.valid_from"
    )
    return [(anchor.split("|")[2], _day(start), _day(end), reason) for anchor, start, end, reason in rows]


def _day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d")


def test_a_device_looks_back_30_days_and_forward_90(tablet):
    tablet.event("app:~ann", "2024-05-01")
    tablet.resolve()
    assert intervals(tablet) == [("ann", "2024-04-01", "2024-07-30", "expired")]


def test_ninety_days_count_from_the_last_sighting(tablet):
    for at in ("2024-01-31", "2024-03-31"):
        tablet.event("app:~ann", at)
    tablet.resolve()
    assert intervals(tablet) == [("ann", "2024-01-01", "2024-06-29", "expired")]


def test_the_next_different_login_ends_the_interval_and_allows_no_look_back(tablet):
    tablet.event("app:~ann", "2024-05-01")
    tablet.event("app:~bob", "2024-05-11")
    tablet.resolve()
    assert intervals(tablet) == [
        ("ann", "2024-04-01", "2024-05-11", "next login"),
        ("bob", "2024-05-11", "2024-08-09", "expired"),
    ]


def test_a_logout_ends_the_interval_and_the_next_customer_looks_back_to_it(tablet, configure):
    tablet.event("app:~ann", "2024-05-01")
    tablet.event("app:~nobody", "2024-05-05", "logged_out")
    tablet.event("app:~bob", "2024-05-11")
    tablet.resolve(configure(stitching={"logout_touchpoints": ["logged_out"]}))
    assert intervals(tablet) == [
        ("ann", "2024-04-01", "2024-05-05", "logout"),
        ("bob", "2024-05-05", "2024-08-09", "expired"),
    ]


def test_only_the_first_login_of_a_customer_looks_back(tablet):
    tablet.event("app:~ann", "2024-01-31")
    tablet.event("app:~ann", "2024-12-01")
    tablet.resolve()
    assert intervals(tablet) == [
        ("ann", "2024-01-01", "2024-04-30", "expired"),
        ("ann", "2024-12-01", "2025-03-01", "expired"),
    ]


def test_many_customers_on_a_device_allow_no_look_back_where_configured(tablet, configure):
    tablet.event("app:~ann", "2024-05-01")
    tablet.event("app:~bob", "2024-05-11")
    tablet.resolve(configure(stitching={"shared_device_customers": 1}))
    assert intervals(tablet)[0] == ("ann", "2024-05-01", "2024-05-11", "next login")


def test_an_unclaimed_device_is_one_anonymous_customer(warehouse):
    warehouse.identify("app:~nobody", ids=DEVICE)
    warehouse.event("app:~nobody", "2024-05-01")
    warehouse.event("app:~nobody", "2024-06-01")
    warehouse.resolve()
    assert warehouse.rows("select knowledge_level, anchor from identity.customers") == [
        ("anonymous", "device_id|main|d")
    ]
    assert warehouse.customer_of("app:~nobody") is None


def test_interactions_outside_every_interval_belong_to_the_devices_anonymous_customer(tablet):
    tablet.event("app:~ann", "2024-05-01")
    tablet.event("app:~nobody", "2024-03-31")
    tablet.resolve()
    assert tablet.rows("select count(*) from identity.device_customers") == [(1,)]
    tablet.con.execute("update std.std_interactions set occurred_at = '2024-04-01' where subject_id = 'app:~nobody'")
    tablet.resolve()
    assert tablet.rows("select count(*) from identity.device_customers") == [(0,)]


def test_a_claimed_device_redirects_its_anonymous_customer(warehouse):
    warehouse.identify("app:~nobody", ids=DEVICE)
    warehouse.event("app:~nobody", "2024-05-01")
    warehouse.resolve()
    warehouse.identify("app:~ann", ids={"user_id": "ann", **DEVICE})
    warehouse.event("app:~ann", "2024-05-02")
    assert warehouse.resolve().events == {"merge": 1, "mint": 1}
    [(old, new)] = warehouse.rows("select old_id, new_id from identity.id_redirects")
    assert str(new) == warehouse.customer_of("app:~ann")
    assert old != new
