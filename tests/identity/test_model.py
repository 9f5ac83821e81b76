"""What the model matches, what it leaves to a steward, and what no likeness may join."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from crowd import gather_crowd, learned_from_crowd
from identity_warehouse import TERMS, Warehouse

from identity.blocking import without_implied
from identity.config import load_config
from identity.engine import DuckDBEngine
from identity.evaluate import evaluate
from identity.model import MatchModel, ModelError
from identity.resolve import learn

HOME = {"street": "Lindenweg 7", "postcode": "53113"}


@pytest.fixture(scope="module")
def model():
    """Trained once; what it learned does not depend on the few rows a test adds."""
    return learned_from_crowd()


@pytest.fixture
def crowd(warehouse):
    gather_crowd(warehouse)
    return warehouse


def _same(warehouse: Warehouse, *subjects: str) -> bool:
    return len({warehouse.customer_of(subject) for subject in subjects}) == 1


def _reasons(warehouse: Warehouse) -> set[str]:
    return {reason for (reason,) in warehouse.rows("select reason from identity.review_queue where rule = 'model'")}


def test_people_without_a_common_identifier_are_found_by_what_they_are(crowd, model):
    crowd.resolve(model=model)
    score = evaluate(
        DuckDBEngine(crowd.con),
        "select subject_id as record_id, customer_id as cluster from identity.id_lookup",
        "select subject_id as record_id, split_part(subject_id, ':', 2) as entity from std.std_persons",
    ).cluster_pairs
    assert (score.precision, score.recall) >= (0.995, 0.95)
    assert crowd.exceeded_limits() == []


def test_without_a_model_nobody_is_matched_by_likeness_alone(crowd):
    crowd.resolve()
    assert crowd.rows("select count(*) from identity.edges where rule = 'model'") == [(0,)]


def test_twins_at_one_address_stay_two(crowd, model):
    for dataset in ("crm", "shop"):
        for name in ("Clara", "Emma"):
            crowd.person(f"{dataset}:{name}", first_name=name, last_name="Sander", birth_date="1991-03-04", **HOME)
    crowd.resolve(model=model)
    assert _same(crowd, "crm:Clara", "shop:Clara") and _same(crowd, "crm:Emma", "shop:Emma")
    assert not _same(crowd, "crm:Clara", "crm:Emma")


def test_father_and_son_of_one_name_at_one_address_stay_two(crowd, model):
    for dataset in ("crm", "shop"):
        for key, born in (("father", "1950-06-01"), ("son", "1981-11-20")):
            crowd.person(f"{dataset}:{key}", first_name="Gustav", last_name="Sander", birth_date=born, **HOME)
    crowd.resolve(model=model)
    assert _same(crowd, "crm:father", "shop:father") and _same(crowd, "crm:son", "shop:son")
    assert not _same(crowd, "crm:father", "crm:son")


def test_a_chain_of_weak_links_does_not_join_two_well_known_people(crowd, model):
    """G. Sander without a birth date is like both; he may go to one of them or to a steward, never tie the two."""
    for dataset in ("crm", "shop"):
        crowd.person(f"{dataset}:a", first_name="Gustav", last_name="Sander", birth_date="1950-06-01", **HOME)
        crowd.person(f"{dataset}:b", first_name="Gerda", last_name="Sander", birth_date="1952-02-11", **HOME)
    crowd.person("chat:g", first_name="G", last_name="Sander", **HOME)
    crowd.resolve(model=replace(model, match=0.0001, review=0.0001))  # even if every link counted
    assert not _same(crowd, "crm:a", "crm:b")
    assert _same(crowd, "crm:a", "shop:a") and _same(crowd, "crm:b", "shop:b")


def test_a_household_that_shares_a_mailbox_stays_as_many_as_it_is(crowd, model):
    for name, born in (("Gustav", "1950-06-01"), ("Gerda", "1952-02-11"), ("Otto", "1983-01-01")):
        crowd.person(
            f"crm:{name}", ids={"email": "sander@mail.example"}, first_name=name, last_name="Sander", birth_date=born,
            **HOME,
        )  # fmt: skip
    crowd.resolve(model=model)
    assert len({crowd.customer_of(f"crm:{name}") for name in ("Gustav", "Gerda", "Otto")}) == 3


def test_a_dataset_that_knows_each_person_once_never_gives_two_records_to_one_customer(crowd, model, configure):
    for key in ("1", "2"):
        crowd.person(f"crm:{key}", first_name="Gustav", last_name="Sander", birth_date="1950-06-01", **HOME)
    crowd.person("shop:1", first_name="Gustav", last_name="Sander", birth_date="1950-06-01", **HOME)
    config = configure(limits={"cardinality": {"record@crm": 1, "record@shop": 1}})
    crowd.resolve(config, model=model)
    assert not _same(crowd, "crm:1", "crm:2")
    assert crowd.rows("select max(n) from (select count(*) n from identity.id_lookup group by customer_id, "
                      "split_part(subject_id, ':', 1))") == [(1,)]  # fmt: skip


def test_what_the_model_is_not_sure_of_goes_to_a_steward(crowd, model):
    crowd.person("crm:1", first_name="Gustav", last_name="Sander", **HOME)
    crowd.person("shop:1", first_name="Gustav", last_name="Sander", street="Rheinufer 3", postcode="50999")
    crowd.resolve(model=replace(model, match=1 - 1e-12, review=1e-6))
    assert not _same(crowd, "crm:1", "shop:1")
    assert "unsure" in _reasons(crowd)


def test_a_rule_outranks_the_model_and_a_limit_outranks_both(crowd, model):
    who = {"first_name": "Gustav", "last_name": "Sander", "birth_date": "1950-06-01", **HOME}
    crowd.person("crm:1", ids={"loyalty_number": "11"}, **who)
    crowd.person("shop:1", ids={"loyalty_number": "22"}, **who)
    crowd.resolve(model=model)
    assert not _same(crowd, "crm:1", "shop:1")
    assert crowd.exceeded_limits() == []
    assert "cardinality" in _reasons(crowd)


def test_training_twice_finds_the_same_model(model):
    again = Warehouse()
    gather_crowd(again)
    assert learn(DuckDBEngine(again.con), load_config(None, TERMS)).fingerprint == model.fingerprint


def test_names_and_addresses_alone_are_enough_to_learn_from(crowd):
    # Regression: pairs of one full name differ in nothing that is left to learn, and Splink stopped at a syntax error.
    crowd.con.execute("update std.std_persons set birth_date = null")
    model = learn(DuckDBEngine(crowd.con), load_config(None, TERMS))
    crowd.resolve(model=model)
    assert "birth_date" not in model.m
    assert _same(crowd, "crm:p1", "shop:p1") and not _same(crowd, "crm:p1", "crm:p2")


def test_a_first_run_trains_the_model_that_learning_alone_would_and_resolves_by_it(crowd, model):
    kept = []
    crowd.resolve(keep=kept.append)
    assert [trained.fingerprint for trained in kept] == [model.fingerprint]
    resolved = crowd.groups()
    crowd.resolve(model=model, keep=kept.append)
    assert crowd.groups() == resolved
    assert len(kept) == 1, "where there is a model none is trained"


def test_a_blocking_rule_is_left_out_where_another_asks_for_less():
    whole = ("birth_date", "left(first_name, 1)")
    part = ("left(first_name, 2)", "left(last_name, 2)", "birth_date")
    other = ("right(birth_date, 5)", "first_name")
    assert without_implied([part, whole, other, ("birth_date", "left(first_name, 2)")]) == [whole, other]


def test_too_few_records_teach_nothing(warehouse):
    gather_crowd(warehouse, people=40)
    assert learn(DuckDBEngine(warehouse.con), load_config(None, TERMS)) is None


def test_a_kept_model_is_the_same_model(model, tmp_path):
    model.save(tmp_path)
    assert MatchModel.load(tmp_path).fingerprint == model.fingerprint
    assert MatchModel.load(tmp_path / "elsewhere") is None


def test_a_model_edited_by_hand_is_refused(model, tmp_path):
    file = model.save(tmp_path)
    content = json.loads(file.read_text())
    content["prior"] = 0.5
    file.write_text(json.dumps(content))
    with pytest.raises(ModelError, match=r"model\.json: fingerprint .* does not fit .*c360 identity train"):
        MatchModel.load(tmp_path)
    file.write_text("{}")
    with pytest.raises(ModelError, match=r"model\.json: not a whole model .*c360 identity train"):
        MatchModel.load(tmp_path)
