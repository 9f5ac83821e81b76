"""What identity.yml says of the model: training heeds it, thresholds take effect at once, the rest is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from crowd import gather_crowd
from identity_warehouse import TERMS, Warehouse
from models import round_model

from identity.choose_blocking import BlockingError
from identity.comparisons import kinds_of
from identity.config import load_config
from identity.engine import DuckDBEngine
from identity.model import MatchModel, ModelError
from identity.model_rules import ModelRules
from identity.resolve import learn
from pipelines import matching
from pipelines.settings import Settings

ANN = {"first_name": "Ann", "last_name": "Miller", "birth_date": "1970-01-02"}


@pytest.fixture
def crowd(warehouse):
    gather_crowd(warehouse, people=150)
    return warehouse


@pytest.fixture
def settings(tmp_path):
    return Settings.from_env({}, home=tmp_path / "home")


def learned(warehouse: Warehouse, config) -> MatchModel:
    return learn(DuckDBEngine(warehouse.con), config)


def told_by(settings: Settings, config) -> tuple[MatchModel, list[str]]:
    """The model a build uses, and what it warns of."""
    warnings: list[str] = []
    return matching.current_model(settings, config, warnings.append), warnings


def test_given_blocking_rules_replace_those_training_would_choose(crowd, configure):
    given = [["birth_date", "left( last_name,1 )"], ["email"]]
    model = learned(crowd, configure(model={"blocking": given}))
    assert model.blocking == (("birth_date", "left(last_name, 1)"), ("email",))
    crowd.person("crm:a", first_name="Gustav", last_name="Sander", street="Lindenweg 7", postcode="53113")
    crowd.person("shop:a", first_name="Gustav", last_name="Sander", street="Lindenweg 7", postcode="53113")
    config = load_config(None, TERMS)
    crowd.resolve(replace(config, match_address=False), model=model)
    assert crowd.customer_of("crm:a") != crowd.customer_of("shop:a")  # no rule compares the two


def test_given_blocking_rules_that_compare_too_many_pairs_are_refused_with_their_number(crowd, configure):
    with pytest.raises(BlockingError) as refused:
        learned(crowd, configure(model={"blocking": [["birth_date"], ["postcode"]], "candidates": 500}))
    told = str(refused.value)
    assert "model.blocking: the rules compare" in told and "of 300 records" in told and "[postcode]" in told
    assert "allowed: 500" in told and "raise model.candidates" in told


def test_fewer_candidates_leave_fewer_blocking_rules(crowd, configure):
    few, many = (learned(crowd, configure(model={"candidates": n})).blocking for n in (600, 1_000_000))
    assert 0 < len(few) < len(many)


def test_a_comparison_left_out_says_nothing(crowd, configure):
    model = learned(crowd, configure(model={"comparisons": {"birth_date": False}}))
    assert "birth_date" not in model.m and "first_name" in model.m


def test_without_the_joint_comparison_last_name_and_address_are_compared_each_for_itself(crowd, configure):
    model = learned(crowd, configure(model={"comparisons": {"family": False}}))
    assert {"last_name", "address"} <= set(model.m) and "family" not in model.m
    joint, apart = (
        {k.name: k.missing for k in kinds_of(n)} for n in (("family", "last_name", "address"), ("last_name", "address"))
    )
    assert joint["last_name"] != apart["last_name"] and "street" not in apart["last_name"]
    assert "last_name" not in apart["address"]
    people = ("crm:a", "shop:a")
    for name in people:
        crowd.person(name, **ANN, street="Lindenweg 7", postcode="53113")
    crowd.resolve(model=model)
    assert len({crowd.customer_of(name) for name in people}) == 1


def test_given_agreement_is_not_learned(crowd, configure):
    shares = {"same": 0.7, "one digit": 0.1, "day and month swapped": 0.1, "two of year, month and day": 0.05}
    model = learned(crowd, configure(model={"comparisons": {"birth_date": {**shares, "different": 0.05}}}))
    assert model.m["birth_date"] == (0.7, 0.1, 0.1, 0.05, 0.05)
    assert model.m["first_name"] != learned(crowd, load_config(None, TERMS)).m["birth_date"]


def test_a_given_threshold_is_the_models_and_its_precision_is_told(crowd, configure):
    found = learned(crowd, load_config(None, TERMS))
    strict = learned(crowd, configure(model={"match": 0.9999}))
    assert strict.match == 0.9999 and strict.review == found.review
    assert strict.expected_precision > found.expected_precision
    lax = learned(crowd, configure(model={"match": 0.1}))
    assert (lax.match, lax.review) == (0.1, 0.1) and lax.expected_precision < found.expected_precision


def test_a_kept_model_knows_what_it_was_trained_under(crowd, configure, tmp_path):
    model = learned(crowd, configure(model={"blocking": [["birth_date"]], "comparisons": {"gender": False}}))
    model.save(tmp_path)
    assert MatchModel.load(tmp_path).rules == {"blocking": [["birth_date"]], "comparisons": {"gender": False}}


@pytest.mark.parametrize(
    ("trained", "now", "differing"),
    [
        ({}, {}, ()),
        ({}, {"review": 0.5}, ()),  # takes effect at once
        ({}, {"match": 0.9}, ()),
        ({"match": 0.9}, {"match": 0.8}, ()),
        ({"match": 0.9}, {}, ("match",)),  # nobody knows the calibrated one
        ({}, {"precision": 0.999}, ("precision",)),
        ({}, {"precision": 0.999, "match": 0.9}, ()),
        ({}, {"blocking": (("email",),)}, ("blocking",)),
        ({"blocking": (("email", "phone"), ("birth_date",))}, {"blocking": (("birth_date",), ("phone", "email"))}, ()),
        ({"left_out": ("gender",)}, {}, ("comparisons",)),
        ({}, {"agreement": {"gender": (0.9, 0.1)}, "candidates": 7}, ("candidates", "comparisons")),
    ],
)
def test_what_takes_training_is_told_from_what_does_not(trained, now, differing):
    assert ModelRules(**now).differ_from(ModelRules(**trained).for_training()) == differing


def test_every_build_says_that_the_model_was_trained_under_other_rules(settings, configure):
    round_model().save(settings.identity_model)
    model, warnings = told_by(settings, configure(model={"blocking": [["email"]], "precision": 0.999}))
    assert warnings == [
        "identity.yml: model.blocking, model.precision: the model was trained under other rules; "
        "run `c360 identity train`"
    ]
    assert model.fingerprint == round_model().fingerprint
    assert told_by(settings, configure())[1] == []


def test_thresholds_of_the_file_take_effect_without_training(settings, configure):
    round_model(match=0.97, review=0.2, expected_precision=0.99).save(settings.identity_model)
    model, warnings = told_by(settings, configure(model={"match": 0.8, "review": 0.5}))
    assert (model.match, model.review, model.expected_precision, warnings) == (0.8, 0.5, None, [])
    model, _ = told_by(settings, configure(model={"review": 0.99}))
    assert (model.match, model.review, model.expected_precision) == (0.97, 0.97, 0.99)


def test_a_model_of_an_earlier_format_is_refused_with_the_remedy(settings):
    file = round_model().save(settings.identity_model)
    file.write_text(file.read_text().replace('"format": 3', '"format": 1'))
    with pytest.raises(ModelError, match=r"format 1, this release reads 3; run `c360 identity train`"):
        MatchModel.load(settings.identity_model)


def test_a_part_of_a_column_survives_yaml_only_in_quotes(tmp_path):
    file = tmp_path / "identity.yml"
    file.write_text('model: {blocking: [[birth_date, "left(last_name, 1)"]]}')
    assert load_config(file, TERMS).model.blocking == (("birth_date", "left(last_name, 1)"),)
    file.write_text("model: {blocking: [[birth_date, left(last_name, 1)]]}")
    assert yaml.safe_load(file.read_text())["model"]["blocking"] == [["birth_date", "left(last_name", "1)"]]
    with pytest.raises(ValueError, match=r"'left\(last_name' .* in quotes"):
        load_config(file, TERMS)
