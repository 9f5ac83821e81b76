"""Why a customer is one: every edge with its rule or weights, every refusal, every decision, and no value unasked."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from identity_warehouse import TERMS, Warehouse
from models import round_model

from identity.config import load_config
from identity.decisions import read_decisions
from identity.describe import describe_records
from identity.engine import DuckDBEngine
from identity.evidence import describe_evidence
from identity.explain import explain_customer, explain_pair
from identity.names import describe_people
from identity.nodes import name_sightings, number_nodes
from identity.normalise import normalise_values
from identity.relations import Relations
from identity.scope import take_nothing_outside
from identity.subjects import shorten

ANN = {"first_name": "Ann", "last_name": "Miller", "birth_date": "1970-01-02"}
BOB = {"first_name": "Bob", "last_name": "Miller", "birth_date": "1971-03-04"}
HOME = {"street": "Lindenweg 7", "postcode": "53113", "city": "Bonn", "country": "DE"}
BOX = {"email": "box@mail.de"}
EVERYONE = ("crm:ann", "crm:bob", "shop:ann", "web:ann", "loyalty:ann")


@pytest.fixture
def model():
    return round_model()


@pytest.fixture(scope="module")
def resolved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ann is known to four sources: by a login to two, by a mailbox she shares with Bob, and by what she is alone."""
    file = tmp_path_factory.mktemp("resolved") / "warehouse.duckdb"
    with closing(Warehouse(file)) as warehouse:
        warehouse.person("crm:ann", ids={**BOX, "user_id": "ann70"}, **ANN, **HOME)
        warehouse.person("crm:bob", ids=BOX, **BOB, **HOME)
        warehouse.person("shop:ann", ids={"user_id": "ann70"}, **{**ANN, "first_name": "Anne"})
        warehouse.person("web:ann", ids=BOX, **ANN)
        warehouse.person("loyalty:ann", ids={"loyalty_number": "LX77"}, **ANN)
        warehouse.resolve(model=round_model())
    return file


@pytest.fixture
def shop(resolved: Path, tmp_path: Path) -> Iterator[Warehouse]:
    """A copy of that warehouse: a test may add to it and resolve again."""
    with closing(Warehouse(shutil.copyfile(resolved, tmp_path / "shop.duckdb"), run_no=1)) as warehouse:
        yield warehouse


def pair(warehouse: Warehouse, left: str, right: str, model=None, config=None, **named):
    return explain_pair(DuckDBEngine(warehouse.con), left, right, model, config or load_config(None, TERMS), **named)


def customer(warehouse: Warehouse, subject: str, **named):
    return explain_customer(DuckDBEngine(warehouse.con), warehouse.customer_of(subject), **named)


def test_a_customer_shows_its_members_edges_refusals_and_golden_values(shop):
    told = customer(shop, "crm:ann")
    assert {m.node.name for m in told.members if m.node.kind == "record"} == {
        shorten(name) for name in EVERYONE if name != "crm:bob"
    }
    assert {edge.rule for edge in told.edges} == {"user_id", "email", "loyalty_number", "model"}
    assert {(e.rule, e.reason) for e in told.refused} == {
        ("email", "birth date contradicts"), ("address", "first name contradicts"),
    }  # fmt: skip
    others = {n.customer_id for e in told.refused for n in (e.left, e.right)}
    assert others == {shop.customer_of("crm:ann"), shop.customer_of("crm:bob")}
    golden = {cell.attribute: (cell.record.name, cell.rule) for cell in told.cells}
    chosen = shop.rows("select attribute, record_id, rule from identity.golden_cells join identity.id_lookup using "
                       "(customer_id) where subject_id = 'crm:ann'")  # fmt: skip
    assert golden == {attribute: (shorten(record), rule) for attribute, record, rule in chosen}


def test_no_value_is_shown_unless_asked_for(shop, model):
    secrets = ("ann70", "box@mail", "miller", "lindenweg", "1970", "crm:ann", "lx77", "bonn")
    hidden = [
        customer(shop, "crm:ann"),
        pair(shop, "crm:ann", "crm:bob", model),
        pair(shop, "crm:ann", "web:ann", model),
    ]
    for told in hidden:
        for text in (told.as_text(), told.as_json()):
            assert not [secret for secret in secrets if secret in text.lower()]
    shown = [customer(shop, "crm:ann", values=True), pair(shop, "crm:ann", "web:ann", model, values=True)]
    for told in shown:
        for text in (told.as_text(), told.as_json()):
            assert "crm:ann" in text and "box@mail" in text and "1970-01-02" in text


# Regression: two of one name at one address could not be shown with their values.
def test_a_household_is_shown_with_its_values(shop, model):
    told = pair(shop, "crm:bob", "crm:ann", model, values=True)
    assert "same name, same address" in told.as_text() and "Lindenweg 7".lower() in told.as_text()


@pytest.mark.parametrize("right", ["web:ann", "shop:ann", "loyalty:ann", "crm:bob"])
def test_prior_weights_and_rarities_add_up_to_the_weight(shop, model, right):
    weighing = pair(shop, "crm:ann", right, model).weighing
    parts = weighing.prior + sum(c.weight + c.rarity for c in weighing.comparisons)
    assert parts == pytest.approx(weighing.weight, abs=1e-9)
    assert weighing.probability == pytest.approx(2**weighing.weight / (1 + 2**weighing.weight))


def test_the_weight_of_a_pair_is_the_weight_of_its_edge(shop, model):
    edges = shop.rows("select left_node, right_node, weight from identity.edges where rule = 'model'")
    assert edges
    for left, right, weight in edges:
        assert pair(shop, left, right, model).weighing.weight == pytest.approx(weight, abs=1e-6)


def test_two_records_are_connected_by_the_fewest_edges(shop, model):
    told = pair(shop, "shop:ann", "web:ann", model)
    assert told.is_one and told.edges == ()
    assert told.path[0].left.name in {shorten("shop:ann"), shorten("user_id|main|ann70")}
    assert [edge.rule for edge in told.path] == ["user_id", "user_id", "email"]


def test_two_customers_show_what_was_refused_between_them_and_the_guard(shop, model):
    told = pair(shop, "crm:bob", "crm:ann", model)
    assert not told.is_one and told.path == ()
    assert {(e.rule, e.reason) for e in told.edges} == {
        ("email", "birth date contradicts"), ("address", "first name contradicts"),
    }  # fmt: skip
    assert [(m.node.kind, m.state) for m in told.shared] == [("address", "used"), ("email", "contested")]
    assert {g.rule for g in told.guards} == {"email", "address", "model"}
    assert told.weighing.is_household


def test_a_decision_is_told_with_who_and_why(shop, model, steward):
    made = steward.decide("crm:ann", "web:ann", "not_same")
    shop.resolve(model=model, decisions=steward.effective())
    with steward.engine.connect() as connection:
        decisions = read_decisions(connection)
    for told in (pair(shop, "crm:ann", "web:ann", model, decisions=decisions),
                 customer(shop, "web:ann", decisions=decisions)):  # fmt: skip
        [decision] = told.decisions
        assert (decision.decision_id, decision.verdict, decision.decided_by) == (made, "not_same", "sue")
        assert "not-same" in told.as_text() and "she called" in told.as_text()
    steward.undo(made)
    with steward.engine.connect() as connection:
        assert pair(shop, "crm:ann", "web:ann", model, decisions=read_decisions(connection)).decisions == ()


def test_a_pair_no_blocking_rule_compares_says_so(shop):
    weighing = pair(shop, "crm:ann", "web:ann", round_model(blocking=(("government_id",),))).weighing
    assert weighing.blocked_by == ()
    assert pair(shop, "crm:ann", "web:ann", round_model()).weighing.blocked_by == (
        "birth_date", "last_name and left(first_name, 1)",
    )  # fmt: skip


def test_a_limit_the_two_would_break_together_is_a_guard(shop, model):
    shop.person("loyalty:other", ids={"loyalty_number": "78"}, **ANN)
    shop.resolve(model=model)
    assert ("loyalty_number", "cardinality") in {
        (g.rule, g.reason.split(":")[0]) for g in pair(shop, "loyalty:ann", "loyalty:other", model).guards
    }


def test_an_edge_of_an_earlier_model_is_marked(shop, model):
    [(left, right)] = shop.rows("select left_node, right_node from identity.edges where rule = 'model'")
    assert pair(shop, left, right, model).notes == ()
    assert "another model" in pair(shop, left, right, round_model(prior=0.0001)).notes[0]
    assert pair(shop, left, right).weighing is None


def test_a_record_and_an_identifier_are_explained_without_weights(shop, model):
    told = pair(shop, "crm:ann", "user_id|main|ann70", model)
    assert [edge.rule for edge in told.edges] == ["user_id"]
    assert told.weighing is None and told.shared == ()


def test_json_holds_what_text_holds(shop, model):
    told = json.loads(pair(shop, "crm:ann", "web:ann", model).as_json())
    assert told["weighing"]["model"] == model.fingerprint
    assert {"name", "level", "weight", "rarity"} <= set(told["weighing"]["comparisons"][0])
    assert json.loads(customer(shop, "crm:ann").as_json())["knowledge_level"] == "known"


def test_a_few_records_are_described_as_all_of_them_are(shop):
    # Regression: whether a value is a hub cannot be counted among two records.
    for number in range(7):
        shop.person(f"crm:{number}", ids={"phone": "+49 228 1234567"}, first_name=f"Guest{number}", **HOME)
    shop.person("crm:full", full_name="王小明", ids={"email": "INFO@firm.de", "phone": "0228 7654321"}, **HOME)
    shop.resolve()
    engine, config = DuckDBEngine(shop.con), load_config(None, TERMS)
    take_nothing_outside(engine)
    normalise_values(engine, config, Relations())
    name_sightings(engine, config, Relations())
    number_nodes(engine, config)
    describe_people(engine, Relations())
    describe_evidence(engine)
    columns = "* exclude (unique_id)"
    chosen = "select node_id from ir_records where subject_id in ('crm:3', 'crm:4', 'crm:full', 'crm:ann')"
    whole = shop.rows(f"select {columns} from ir_evidence where unique_id in ({chosen}) order by unique_id")
    describe_records(engine, config, "select unnest(['crm:3', 'crm:4', 'crm:full', 'crm:ann']) as subject_id")
    assert shop.rows(f"select {columns} from ir_evidence order by unique_id") == whole
    assert shop.rows("select count(*) from ir_evidence where phone = '+492281234567'") == [(0,)]
