"""Stewards' decisions: which are in effect, and what the clusters make of them."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from steward import Steward
from support.postgres import run_postgres

from identity import decisions

ANN = {"first_name": "Ann", "last_name": "Miller"}
BOB = {"first_name": "Bob", "last_name": "Miller"}
BOX = {"email": "box@mail.de"}
BOX_NODE = "email||box@mail.de"
APART = "decision: a steward says these are two people"


def in_effect(steward) -> set[tuple[str, str, str]]:
    return {(d["left_subject"], d["right_subject"], d["verdict"]) for d in steward.effective().to_pylist()}


def refused(warehouse) -> set[tuple[str, str, str]]:
    return set(warehouse.rows("select left_node, right_node, reason from identity.edges where state = 'refused'"))


def reviewed(warehouse) -> set[tuple[str, str, str]]:
    return set(warehouse.rows("select left_node, right_node, reason from identity.review_queue"))


# What is in effect.


def test_of_two_decisions_on_a_pair_the_later_holds_and_undoing_it_gives_back_the_earlier(steward):
    steward.decide("crm:1", "crm:2", "same")
    later = steward.decide("crm:2", "crm:1", "not_same")
    assert in_effect(steward) == {("crm:1", "crm:2", "not_same")}
    assert steward.states() == ["overruled", "in effect"]
    steward.undo(later)
    assert in_effect(steward) == {("crm:1", "crm:2", "same")}
    assert steward.states() == ["in effect", "undone", "undoing"]


def test_an_undoing_can_be_undone_as_often_as_one_likes(steward):
    row = steward.decide("crm:1", "crm:2", "same")
    for number in range(1, 5):
        row = steward.undo(row)
        assert len(in_effect(steward)) == (number + 1) % 2


def test_a_decision_undone_and_restored_stands_where_it_stood_before_a_later_one(steward):
    first = steward.decide("crm:1", "crm:2", "same")
    steward.decide("crm:1", "crm:2", "not_same")
    steward.undo(steward.undo(first))
    assert in_effect(steward) == {("crm:1", "crm:2", "not_same")}


def test_what_is_undone_already_cannot_be_undone_again(steward):
    first = steward.decide("crm:1", "crm:2", "same")
    steward.undo(first)
    with pytest.raises(decisions.DecisionError, match="undone already"):
        steward.undo(first)
    with pytest.raises(decisions.DecisionError, match="there is none of this id"):
        steward.undo("no-such-id")


def test_every_decision_is_about_two_nodes_and_says_who_and_why(steward):
    with steward.engine.begin() as connection:
        for left, verdict, by, reason, told in (
            ("crm:2", "same", "sue", "she called", "one and the same node"),
            ("crm:1", "maybe", "sue", "she called", "allowed: same, not_same"),
            ("crm:1", "same", "", "she called", "decided_by is empty"),
            ("crm:1", "same", "sue", "  ", "reason is empty"),
        ):
            with pytest.raises(decisions.DecisionError, match=told):
                decisions.decide(connection, left, "crm:2", verdict, decided_by=by, reason=reason)
    assert steward.states() == []


def test_a_decision_is_never_changed_or_removed(steward):
    steward.decide("crm:1", "crm:2", "same")
    for deed in ("delete from decisions", "update decisions set verdict = 'not_same'"):
        with pytest.raises(sa.exc.IntegrityError, match="append-only"), steward.engine.begin() as connection:
            connection.execute(sa.text(deed))
    assert in_effect(steward) == {("crm:1", "crm:2", "same")}


def test_postgresql_keeps_decisions_as_sqlite_does():
    with run_postgres() as url, closing(Steward(url)) as steward:
        steward.decide("crm:1", "crm:2", "same")
        later = steward.decide("crm:2", "crm:1", "not_same")
        steward.undo(steward.undo(later))
        assert steward.states() == ["overruled", "in effect", "undoing", "undoing"]
        with steward.engine.begin() as connection:
            connection.execute(sa.text("delete from decisions"))
            connection.execute(sa.text("update decisions set verdict = 'same'"))
        assert in_effect(steward) == {("crm:1", "crm:2", "not_same")}


def test_the_time_of_a_decision_is_kept_in_utc(steward):
    noon = datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    with steward.engine.begin() as connection:
        decisions.decide(connection, "a:1", "a:2", "same", decided_by="sue", reason="told", decided_at=noon)
        [row] = decisions.read_decisions(connection)
    assert row["decided_at"].replace(tzinfo=UTC) == noon


# What same does.


def test_same_joins_two_records_whatever_the_rules_make_of_them(warehouse, steward):
    warehouse.person("crm:1", birth_date="1980-01-01", **ANN)
    warehouse.person("crm:2", birth_date="1990-01-01", **BOB)
    decision = steward.decide("crm:1", "crm:2", "same")
    report = warehouse.resolve(decisions=steward.effective())
    assert warehouse.groups() == {frozenset({"crm:1", "crm:2"})}
    assert report.decisions == {"same": 1}
    edges = warehouse.rows("select left_node, right_node, rule, evidence, state from identity.edges")
    assert edges == [("crm:1", "crm:2", "decision", f"decision {decision}", "accepted")]


def test_the_guard_sees_one_cluster_where_a_steward_says_same(warehouse, steward):
    """One person under two names: the mailbox is not contested any more."""
    warehouse.person("crm:1", ids=BOX, **ANN)
    warehouse.person("crm:2", ids=BOX, **BOB)
    warehouse.identify("web:~1", ids=BOX)
    steward.decide("crm:1", "crm:2", "same")
    warehouse.resolve(decisions=steward.effective())
    assert warehouse.groups() == {frozenset({"crm:1", "crm:2", "web:~1"})}
    assert warehouse.state_of("box@mail.de") == "used"


def test_same_gives_a_contested_value_to_one_of_its_carriers(warehouse, steward):
    warehouse.person("crm:ann", ids=BOX, **ANN)
    warehouse.person("crm:bob", ids=BOX, **BOB)
    warehouse.identify("web:~1", ids=BOX)
    steward.decide("crm:ann", BOX_NODE, "same")
    warehouse.resolve(decisions=steward.effective())
    assert warehouse.groups() == {frozenset({"crm:ann", "web:~1"}), frozenset({"crm:bob"})}


def test_a_value_a_steward_gave_to_somebody_is_guarded_against_others(warehouse, steward):
    """Ann does not carry the mailbox herself: Bob, who does, must not become Ann through it."""
    warehouse.person("crm:ann", **ANN)
    warehouse.person("crm:bob", ids=BOX, **BOB)
    warehouse.person("shop:ann", ids=BOX, **ANN)
    steward.decide("crm:ann", BOX_NODE, "same")
    warehouse.resolve(decisions=steward.effective())
    assert warehouse.groups() == {frozenset({"crm:ann", "shop:ann"}), frozenset({"crm:bob"})}


def test_a_limit_stands_against_no_same_of_two_records_but_leaves_out_the_weaker_identifier(warehouse, steward):
    warehouse.person("crm:1", ids={"loyalty_number": "A"}, **ANN)
    warehouse.person("crm:2", ids={"loyalty_number": "B"}, **ANN)
    steward.decide("crm:1", "crm:2", "same")
    warehouse.resolve(decisions=steward.effective())
    assert warehouse.customer_of("crm:1") == warehouse.customer_of("crm:2")
    assert reviewed(warehouse) == {("crm:2", "loyalty_number|main|B", "cardinality")}
    assert warehouse.exceeded_limits() == []


def test_same_of_two_values_of_which_a_customer_has_one_is_refused_and_reviewed(warehouse, steward):
    warehouse.person("crm:1", ids={"loyalty_number": "A"}, **ANN)
    warehouse.person("crm:2", ids={"loyalty_number": "B"}, **ANN)
    steward.decide("loyalty_number|main|A", "loyalty_number|main|B", "same")
    warehouse.resolve(decisions=steward.effective())
    assert len(warehouse.groups()) == 2
    assert warehouse.rows("select rule, reason from identity.review_queue") == [("decision", "cardinality")]


def test_a_device_is_nobodys_also_where_a_steward_says_so(warehouse, steward):
    for name in ("ann", "bob"):
        warehouse.person(f"crm:{name}", ids={"device_id": "d"}, first_name=name)
        steward.decide(f"crm:{name}", "device_id|main|d", "same")
    report = warehouse.resolve(decisions=steward.effective())
    assert len(warehouse.groups()) == 2
    assert report.decisions == {"without effect": 2}


# What not-same does.


@pytest.mark.parametrize("kind", ["government_id", "loyalty_number", "email", "phone"])
def test_not_same_keeps_two_records_apart_that_share_a_value(warehouse, steward, kind):
    value = {"phone": "+442079460018", "email": "a@mail.de"}.get(kind, "1")
    warehouse.person("crm:1", ids={kind: value}, **ANN)
    warehouse.person("crm:2", ids={kind: value}, **ANN)
    steward.decide("crm:1", "crm:2", "not_same")
    warehouse.resolve(decisions=steward.effective())
    assert warehouse.customer_of("crm:1") != warehouse.customer_of("crm:2")
    assert APART in {reason for _, _, reason in refused(warehouse)}


def test_a_pair_the_steward_has_answered_is_not_put_up_again_but_whose_a_strong_value_is_may_be_asked(
    warehouse, steward
):
    warehouse.person("crm:1", ids={"loyalty_number": "1", **BOX}, **ANN)
    warehouse.person("crm:2", ids={"loyalty_number": "1", **BOX}, **ANN)
    steward.decide("crm:1", "crm:2", "not_same")
    warehouse.resolve(decisions=steward.effective())
    assert refused(warehouse) == {("crm:1", "crm:2", APART), ("crm:2", "loyalty_number|main|1", APART)}
    assert reviewed(warehouse) == {("crm:2", "loyalty_number|main|1", "decision")}
    steward.decide("crm:2", "loyalty_number|main|1", "not_same")
    warehouse.resolve(decisions=steward.effective())
    assert reviewed(warehouse) == set()


def test_not_same_holds_through_a_third_record(warehouse, steward):
    warehouse.person("crm:1", ids={"email": "a@mail.de"}, **ANN)
    warehouse.person("crm:2", ids={"email": "b@mail.de"}, **ANN)
    warehouse.person("shop:1", ids={"email": "a@mail.de", "phone": "+442079460018"}, **ANN)
    warehouse.person("shop:2", ids={"email": "b@mail.de", "phone": "+442079460018"}, **ANN)
    steward.decide("crm:1", "crm:2", "not_same")
    warehouse.resolve(decisions=steward.effective())
    assert warehouse.groups() == {frozenset({"crm:1", "shop:1"}), frozenset({"crm:2", "shop:2"})}
    assert refused(warehouse) == {("shop:1", "shop:2", APART)}


def test_not_same_takes_a_value_away_from_a_record(warehouse, steward):
    """The mailbox in Ann's record is not hers; the other two who carry it stay one."""
    for number in (1, 2, 3):
        warehouse.person(f"crm:{number}", ids=BOX, **ANN)
    steward.decide("crm:1", BOX_NODE, "not_same")
    warehouse.resolve(decisions=steward.effective())
    assert warehouse.groups() == {frozenset({"crm:1"}), frozenset({"crm:2", "crm:3"})}
    assert refused(warehouse) == {("crm:1", BOX_NODE, APART)}


def test_a_value_a_steward_took_away_gives_no_pair_where_it_is_contested(warehouse, steward):
    for number in (1, 2):
        warehouse.person(f"crm:{number}", ids=BOX, **ANN)
    for number in (3, 4):
        warehouse.person(f"crm:{number}", ids=BOX, **BOB)
    steward.decide("crm:1", BOX_NODE, "not_same")
    warehouse.resolve(decisions=steward.effective())
    assert warehouse.groups() == {frozenset({"crm:1"}), frozenset({"crm:2"}), frozenset({"crm:3", "crm:4"})}


def test_decisions_that_contradict_each_other_are_taken_by_name_and_the_rest_reviewed(warehouse, steward):
    for number in (1, 2, 3):
        warehouse.person(f"crm:{number}", **ANN)
    steward.decide("crm:2", "crm:3", "same")
    steward.decide("crm:1", "crm:3", "not_same")
    steward.decide("crm:1", "crm:2", "same")
    warehouse.resolve(decisions=steward.effective())
    assert warehouse.groups() == {frozenset({"crm:1", "crm:2"}), frozenset({"crm:3"})}
    assert reviewed(warehouse) == {("crm:2", "crm:3", "decision")}


def test_a_decision_on_somebody_who_left_has_no_effect_until_he_is_back(warehouse, steward):
    warehouse.person("crm:1", **ANN)
    steward.decide("crm:1", "crm:2", "same")
    assert warehouse.resolve(decisions=steward.effective()).decisions == {"without effect": 1}
    warehouse.person("crm:2", **BOB)
    assert warehouse.resolve(decisions=steward.effective()).decisions == {"same": 1}
    assert len(warehouse.groups()) == 1
