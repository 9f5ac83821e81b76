"""What a steward may name, what the commands tell and log, and that they show no values unless asked to.

Put here: the steward's side of a home. Keep out: what decisions do to clusters (test_decisions.py).
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from identity_warehouse import Warehouse

from identity.subjects import shorten
from pipelines import audit, stewards
from pipelines.settings import Settings
from pipelines.state import open_state

ANN = {"first_name": "Ann", "last_name": "Miller"}
BOB = {"first_name": "Bob", "last_name": "Miller"}
BOX = {"email": "box@mail.de"}
BOX_NODE = "email||box@mail.de"


@pytest.fixture
def settings(tmp_path):
    """A home as a build leaves it: Ann and Bob share a mailbox, and a survey without a name came from it too."""
    found = Settings.from_env({}, home=tmp_path / "home")
    found.private.mkdir(parents=True)
    with closing(Warehouse(found.private / "steward.duckdb")) as warehouse:
        warehouse.person("crm:ann", ids=BOX, **ANN)
        warehouse.person("crm:bob", ids=BOX, **BOB)
        warehouse.person("survey:1", ids=BOX)
        warehouse.person("shop:ann", ids={"user_id": "u"}, **ANN)
        warehouse.identify("web:~1", ids={"device_id": "d"})
        warehouse.event("web:~1", "2024-05-01")
        warehouse.resolve()
        warehouse.person("old:ann", on="2020-01-01", ids={"user_id": "u"}, **ANN)  # takes over the id of shop:ann
        warehouse.resolve()
    return found


def ask(settings: Settings, query: str) -> list[tuple]:
    with duckdb.connect(str(settings.private / "steward.duckdb"), read_only=True) as file:
        return file.execute(query).fetchall()


def customer(settings: Settings, anchor: str) -> str:
    [(found,)] = ask(settings, f"select customer_id from identity.customers where anchor = '{anchor}'")
    return str(found)


def audited(settings: Settings) -> list[tuple[str, str, str, str]]:
    with open_state(settings.state_url, audit.METADATA).connect() as state:
        return [(e["actor"], e["action"], e["object"], e["reason"]) for e in audit.read_entries(state)]


def test_a_node_goes_by_its_name_its_short_hash_or_the_customer_it_is_the_anchor_of(settings):
    names = ("crm:ann", shorten("crm:ann"), shorten("crm:ann").upper(), customer(settings, "crm:ann"))
    for name in names:
        made = stewards.decide(settings, name, BOX_NODE, "same", by="sue", reason="she said so")
        assert (made.left.node, made.left.kind, made.right.kind, made.were_one) == ("crm:ann", "record", "email", False)
    assert [row["state"] for row in stewards.list_decisions(settings)] == ["overruled"] * 3 + ["in effect"]


def test_what_cannot_be_decided_about_is_refused_without_being_repeated(settings):
    [(gone,)] = ask(settings, "select old_id from identity.id_redirects")
    cases = {
        "secret@mail.de": "no person record and no strong identifier",
        "device_id|main|d": "no person record and no strong identifier",
        "web:~1": "no person record and no strong identifier",
        customer(settings, "device_id|main|d"): "an anonymous device",
        str(gone): f"who was in it is in {customer(settings, 'old:ann')} now",
        "00000000-0000-4000-8000-000000000000": "there has never been a customer",
        "crm:bob": "one and the same node",
    }
    for name, told in cases.items():
        with pytest.raises(stewards.REFUSALS, match=told) as refusal:
            stewards.decide(settings, name, "crm:bob", "same", by="sue", reason="she said so")
        assert "secret" not in str(refusal.value)
    assert stewards.list_decisions(settings) == []


def test_every_decision_and_undoing_is_in_the_audit_log_by_id_alone(settings):
    made = stewards.decide(settings, "crm:ann", BOX_NODE, "not_same", by="sue", reason="she called")
    stewards.undo(settings, made.decision_id, by="tom", reason="she called again")
    assert audited(settings) == [
        ("sue", "decide not_same", made.decision_id, "she called"),
        ("tom", "undo decision", made.decision_id, "she called again"),
    ]


def test_a_decision_that_cannot_be_logged_is_not_made(settings):
    with open_state(settings.state_url, audit.METADATA).begin() as state:
        state.execute(sa.text("create trigger full before insert on audit_log begin select raise(abort, 'full'); end"))
    with pytest.raises(sa.exc.IntegrityError, match="full"):
        stewards.decide(settings, "crm:ann", "crm:bob", "same", by="sue", reason="she called")
    assert stewards.list_decisions(settings) == []


def test_before_the_first_build_there_is_nothing_to_decide_about(tmp_path):
    with pytest.raises(stewards.REFUSALS, match="run `c360 run` first"):
        stewards.list_reviews(Settings.from_env({}, home=tmp_path), 5)


def test_the_terminal_shows_no_value_unless_asked_to(settings):
    def c360(*arguments: str) -> str:
        command = [Path(sys.executable).parent / "c360", "identity", *arguments, "--home", settings.home]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    hidden, shown = c360("review"), c360("review", "--show-values", "--limit", "1")
    assert "mail.de" not in hidden and "crm:ann" not in hidden
    assert shorten("crm:ann") in hidden and "2 of 2 pairs" in hidden
    assert "crm:ann" in shown and "1 of 2 pairs" in shown
    told = c360("decide", shorten("crm:ann"), shorten(BOX_NODE), "not-same", "--reason", "not hers")
    listed = c360("decisions")
    assert "mail.de" not in told + listed
    assert "not-same" in listed and "in effect" in listed
