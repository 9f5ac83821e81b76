"""Stable ids: anchors, events, redirects, two times of membership (semantics section 3)."""

from __future__ import annotations

import uuid
from hashlib import md5

import duckdb
import pytest

from identity import tables
from identity.engine import DuckDBEngine

ANN = {"first_name": "Ann", "last_name": "Miller"}


def id_of(anchor: str) -> str:
    return str(uuid.UUID(md5(anchor.encode()).hexdigest()))


def drop(warehouse, subject: str) -> None:
    for table in ("persons", "identifiers"):
        warehouse.con.execute(f"delete from std.std_{table} where subject_id = ?", [subject])


def redirects(warehouse) -> set[tuple[str, str | None]]:
    rows = warehouse.rows("select old_id, new_id from identity.id_redirects")
    return {(str(old), new and str(new)) for old, new in rows}


def test_the_anchor_is_the_first_arrived_then_dataset_then_key(warehouse):
    warehouse.person("shop:1", on="2024-01-02", ids={"email": "a@mail.de"}, **ANN)
    warehouse.person("crm:9", on="2024-01-01", ids={"email": "a@mail.de"}, **ANN)
    warehouse.person("crm:1", on="2024-01-01", ids={"email": "a@mail.de"}, **ANN)
    warehouse.resolve()
    assert warehouse.rows("select anchor from identity.customers") == [("crm:1",)]
    assert warehouse.customer_of("shop:1") == id_of("crm:1")


def test_a_record_keeps_its_customer_id_when_its_email_changes(warehouse):
    # Regression: a key that sorts after "email|" made the e-mail the anchor, and a new e-mail a new customer_id.
    warehouse.person("crm:k1", ids={"email": "old@mail.de"}, **ANN)
    warehouse.resolve()
    drop(warehouse, "crm:k1")
    warehouse.person("crm:k1", ids={"email": "new@mail.de"}, **ANN)
    warehouse.resolve()
    assert warehouse.rows("select anchor from identity.customers") == [("crm:k1",)]
    assert redirects(warehouse) == set()


def test_a_newsletter_reader_who_becomes_a_crm_customer_keeps_her_id(warehouse):
    warehouse.identify("mail:~1", on="2024-01-01", ids={"email": "a@mail.de"})
    warehouse.resolve()
    before = warehouse.rows("select customer_id, knowledge_level from identity.customers")
    warehouse.person("crm:1", on="2024-02-01", ids={"email": "a@mail.de"}, **ANN)
    report = warehouse.resolve()
    assert before == [(uuid.UUID(id_of("email||a@mail.de")), "identified")]
    assert warehouse.rows("select customer_id, knowledge_level from identity.customers") == [(before[0][0], "known")]
    assert report.events == {}


def test_a_known_customer_never_takes_a_devices_id(warehouse):
    warehouse.identify("app:~0", on="2023-01-01", ids={"device_id": "d"})
    warehouse.identify("app:~1", on="2024-01-01", ids={"device_id": "d", "user_id": "ann"})
    warehouse.event("app:~1", "2024-01-01")
    warehouse.resolve()
    assert warehouse.rows("select anchor from identity.customers") == [("user_id|main|ann",)]


def test_a_merge_keeps_the_older_id_and_undoing_it_gives_back_what_was(warehouse):
    warehouse.person("crm:1", on="2024-01-01", ids={"email": "a@mail.de"}, **ANN)
    warehouse.person("shop:1", on="2024-02-01", ids={"email": "b@mail.de"}, **ANN)
    warehouse.resolve()
    separate = warehouse.rows("from identity.customers order by all")
    warehouse.identify("web:~1", on="2024-03-01", ids={"email": "a@mail.de", "government_id": "G"})
    warehouse.identify("web:~2", on="2024-03-01", ids={"email": "b@mail.de", "government_id": "G"})
    report = warehouse.resolve()
    assert report.events == {"merge": 1}
    assert warehouse.customer_of("shop:1") == id_of("crm:1")
    assert redirects(warehouse) == {(id_of("shop:1"), id_of("crm:1"))}
    [(cause,)] = warehouse.rows("select cause from identity.id_events where event = 'merge'")
    assert cause.startswith("email edge ") and "mail.de" not in cause
    drop(warehouse, "web:~1")
    drop(warehouse, "web:~2")
    report = warehouse.resolve()
    assert report.events == {"split": 1}
    assert warehouse.rows("from identity.customers order by all") == separate
    assert redirects(warehouse) == set()


def test_an_older_record_that_arrives_later_moves_the_id_with_a_redirect(warehouse):
    warehouse.person("crm:1", on="2024-02-01", ids={"email": "a@mail.de"}, **ANN)
    warehouse.resolve()
    warehouse.person("old:1", on="2023-01-01", ids={"email": "a@mail.de"}, **ANN)
    assert warehouse.resolve().events == {"merge": 1, "mint": 1}
    assert redirects(warehouse) == {(id_of("crm:1"), id_of("old:1"))}


def test_a_customer_whose_anchor_falls_apart_leads_to_every_part(warehouse):
    warehouse.person("crm:0", on="2023-01-01", ids={"government_id": "G", "user_id": "u"}, **ANN)
    warehouse.person("crm:1", on="2024-01-01", ids={"government_id": "G"}, **ANN)
    warehouse.person("crm:2", on="2024-01-01", ids={"user_id": "u"}, **ANN)
    warehouse.resolve()
    drop(warehouse, "crm:0")
    assert warehouse.resolve().events == {"split": 2}
    parts = {(id_of("crm:0"), id_of("crm:1")), (id_of("crm:0"), id_of("crm:2"))}
    assert redirects(warehouse) == parts


def test_a_withdrawn_customer_leads_nowhere_until_it_comes_back(warehouse):
    warehouse.person("crm:1", **ANN)
    warehouse.resolve()
    drop(warehouse, "crm:1")
    assert warehouse.resolve().events == {"retire": 1}
    assert redirects(warehouse) == {(id_of("crm:1"), None)}
    warehouse.person("crm:1", **ANN)
    assert warehouse.resolve().events == {"mint": 1}
    assert redirects(warehouse) == set()


def test_redirects_lead_to_a_living_id_in_one_step_after_two_merges(warehouse):
    for number, mail in ((3, "c"), (2, "b"), (1, "a")):
        warehouse.person(f"crm:{number}", on=f"2024-0{number}-01", ids={"email": f"{mail}@mail.de"}, **ANN)
    warehouse.resolve()
    warehouse.person("j:23", on="2024-06-01", ids={"email": "c@mail.de", "government_id": "G"}, **ANN)
    warehouse.identify("j:~2", on="2024-06-01", ids={"email": "b@mail.de", "government_id": "G"})
    warehouse.resolve()
    assert redirects(warehouse) == {(id_of("crm:3"), id_of("crm:2"))}
    warehouse.identify("j:~1", on="2024-06-01", ids={"email": "a@mail.de", "government_id": "G"})
    warehouse.resolve()
    assert redirects(warehouse) == {(id_of("crm:3"), id_of("crm:1")), (id_of("crm:2"), id_of("crm:1"))}


def test_a_redirect_follows_members_that_leave_the_id_they_were_merged_into(warehouse):
    # Regression: the redirect went on leading to the id the members had left.
    warehouse.person("crm:1", on="2024-01-01", ids={"government_id": "A"}, **ANN)
    warehouse.person("crm:2", on="2024-02-01", ids={"government_id": "B"}, **ANN)
    warehouse.person("crm:3", on="2024-03-01", ids={"government_id": "B"}, **ANN)
    warehouse.resolve()
    warehouse.identify("crm:3", on="2024-04-01", ids={"government_id": "A"})
    warehouse.resolve()
    assert redirects(warehouse) == {(id_of("crm:2"), id_of("crm:1"))}
    drop(warehouse, "crm:2")
    drop(warehouse, "crm:3")
    warehouse.person("crm:3", on="2024-03-01", ids={"government_id": "B"}, **ANN)
    warehouse.resolve()
    assert redirects(warehouse) == {(id_of("crm:2"), id_of("crm:3"))}
    drop(warehouse, "crm:3")
    warehouse.resolve()
    assert redirects(warehouse) == {(id_of("crm:2"), None), (id_of("crm:3"), None)}


def test_a_second_resolve_of_the_same_rows_changes_nothing(warehouse):
    warehouse.person("crm:1", ids={"email": "a@mail.de"}, **ANN)
    warehouse.identify("app:~1", ids={"device_id": "d", "email": "a@mail.de"})
    warehouse.event("app:~1", "2024-01-01")
    warehouse.resolve()
    names = list({**tables.STATE, **tables.HISTORY})
    before = [warehouse.rows(f"from identity.{name} order by all") for name in names]
    report = warehouse.resolve()
    assert (report.events, report.membership_opened, report.membership_closed) == ({}, 0, 0)
    assert [warehouse.rows(f"from identity.{name} order by all") for name in names] == before


def test_membership_says_what_was_believed_when(warehouse):
    warehouse.person("shop:1", on="2024-02-01", ids={"email": "a@mail.de"}, **ANN)
    warehouse.resolve(at="2025-01-01")
    warehouse.person("crm:1", on="2024-01-01", ids={"email": "a@mail.de"}, **ANN)
    warehouse.resolve(at="2025-02-01")
    rows = warehouse.rows(
        "select customer_id, known_from::date::varchar, known_to::date::varchar from identity.membership "
        "where subject_id = 'shop:1' order by known_from"
    )
    assert [(str(customer), start, end) for customer, start, end in rows] == [
        (id_of("shop:1"), "2025-01-01", "2025-02-01"),
        (id_of("crm:1"), "2025-02-01", None),
    ]


class FailsToPublish(DuckDBEngine):
    """DuckDB that meets an error at the end of a publish."""

    def publish(self, statements):
        super().publish([*statements, "select error('disk full')"] if len(statements) > 20 else statements)


def test_a_crash_while_publishing_leaves_the_state_before(warehouse, configure):
    from datetime import datetime

    from identity.resolve import resolve

    warehouse.person("crm:1", ids={"email": "a@mail.de"}, **ANN)
    warehouse.resolve()
    before = warehouse.rows("from identity.membership order by all")
    warehouse.person("old:1", on="2020-01-01", ids={"email": "a@mail.de"}, **ANN)
    with pytest.raises(duckdb.Error, match="disk full"):
        resolve(FailsToPublish(warehouse.con), configure(), known_at=datetime(2025, 2, 1), run_id="crash")
    assert warehouse.rows("from identity.membership order by all") == before
    assert warehouse.resolve().events == {"merge": 1, "mint": 1}
