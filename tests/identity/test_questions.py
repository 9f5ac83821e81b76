"""What is asked of the last build, and a model trained on it: the steward's side of a home.

Put here: commands and their answers. Keep out: what is in an explanation (test_explain.py), scores (test_evaluate.py).
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from crowd import gather_crowd
from identity_warehouse import Warehouse
from models import round_model
from typer.testing import CliRunner

from identity.explanation import CustomerExplanation
from identity.model import MatchModel
from identity.subjects import shorten
from pipelines import audit, matching, questions, stewards
from pipelines.cli import app
from pipelines.settings import Settings
from pipelines.state import open_state
from pipelines.terminal import console

ANN = {"first_name": "Ann", "last_name": "Miller", "birth_date": "1970-01-02"}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a build leaves to a steward: a crowd to learn from, and Ann with a mailbox."""
    file = tmp_path_factory.mktemp("built") / "steward.duckdb"
    with closing(Warehouse(file)) as warehouse:
        gather_crowd(warehouse, people=150)
        warehouse.person("crm:ann", ids={"email": "ann@mail.de"}, **ANN)
        warehouse.person("shop:ann", ids={"email": "ann@mail.de"}, **ANN)
        warehouse.identify("web:~1", ids={"device_id": "d"})
        warehouse.event("web:~1", "2024-05-01")
        warehouse.resolve(model=round_model())
    return file


@pytest.fixture
def settings(built: Path, tmp_path: Path) -> Iterator[Settings]:
    """A home of its own after that build; the mode of new files, which commands change, is put back."""
    found = Settings.from_env({}, home=tmp_path / "home")
    found.private.mkdir(parents=True)
    shutil.copyfile(built, found.private / built.name)
    mask = os.umask(0o022)
    yield found
    os.umask(mask)


def c360(settings: Settings, *arguments: str | Path, code: int = 0) -> str:
    with console.capture() as shown:
        done = CliRunner().invoke(app, ["identity", *map(str, arguments), "--home", str(settings.home)])
    assert done.exit_code == code, done.stdout + shown.get()
    return done.stdout + shown.get()


def write_truth(folder: Path, *rows: str) -> Path:
    file = folder / "truth.csv"
    file.write_text("\n".join(("record,person", *rows)) + "\n", encoding="utf-8")
    return file


def test_a_customer_is_asked_for_by_id_by_record_or_by_hash(settings):
    told = questions.explain(settings, "crm:ann", None, values=False)
    for name in (told.customer_id, shorten("shop:ann"), "email||ann@mail.de"):
        assert questions.explain(settings, name, None, values=False) == told


def test_an_anonymous_device_is_explained_too(settings):
    [anonymous] = _ask(settings, "select cast(customer_id as varchar) as id from identity.device_customers")
    told = questions.explain(settings, anonymous["id"], None, values=False)
    assert isinstance(told, CustomerExplanation) and told.knowledge_level == "anonymous"
    assert [member.node.kind for member in told.members] == ["device_id"]


def test_what_is_not_there_is_refused_without_being_repeated(settings):
    for name, other, message in (
        ("secret@mail.de", None, "CUSTOMER: the last build has no person record"),
        ("crm:ann", "secret@mail.de", "RIGHT: the last build has no person record"),
        ("crm:ann", shorten("crm:ann"), "RIGHT: this is what LEFT names"),
        ("00000000-0000-4000-8000-000000000000", None, "there has never been a customer"),
    ):
        with pytest.raises(questions.REFUSALS, match=message) as refusal:
            questions.explain(settings, name, other, values=False)
        assert "secret" not in str(refusal.value)


def test_training_replaces_the_model_and_leaves_a_line_in_the_audit_log(settings):
    # Regression: a read-only file allows neither the tables of a build nor Splink's scratch database.
    first = matching.retrain(settings, by="sue", reason="a new source")
    assert (first.before, first.model.records) == (None, 302)
    assert MatchModel.load(settings.identity_model).fingerprint == first.model.fingerprint
    round_model().save(settings.identity_model)
    again = matching.retrain(settings, by="tom", reason="once more")
    assert (again.before, again.model.fingerprint) == (round_model().fingerprint, first.model.fingerprint)
    with open_state(settings.state_url, audit.METADATA).connect() as state:
        logged = [(e["actor"], e["action"], e["object"], e["reason"]) for e in audit.read_entries(state)]
    made = first.model.fingerprint
    assert logged == [("sue", "train model", made, "a new source"), ("tom", "train model", made, "once more")]


def test_a_model_that_is_not_whole_is_trained_anew(settings):
    round_model().save(settings.identity_model)
    (settings.identity_model / "model.json").write_text("{}")
    assert matching.retrain(settings, by="sue", reason="it was broken").before is None


def test_nothing_to_learn_from_leaves_the_model_and_the_log_alone(settings, tmp_path):
    round_model().save(settings.identity_model)
    (settings.private / "steward.duckdb").unlink()
    with closing(Warehouse(settings.private / "steward.duckdb")) as warehouse:
        warehouse.person("crm:ann", **ANN)
        warehouse.resolve()
    with pytest.raises(matching.REFUSALS, match="too few records"):
        matching.retrain(settings, by="sue", reason="why not")
    assert MatchModel.load(settings.identity_model).fingerprint == round_model().fingerprint
    with open_state(settings.state_url, audit.METADATA).connect() as state:
        assert audit.read_entries(state) == []
    with pytest.raises(matching.REFUSALS, match="run `c360 run` first"):
        matching.retrain(replace(settings, home=tmp_path / "elsewhere"), by="sue", reason="why not")


def test_a_truth_scores_the_build_and_names_the_customers_that_are_wrong(settings, tmp_path):
    round_model(blocking=(("government_id",),)).save(settings.identity_model)
    truth = write_truth(tmp_path, "crm:ann,1", "shop:ann,2", "crm:p1,3", "shop:p2,3", "crm:gone,4")
    found, records = questions.evaluate(settings, truth, 5)
    ann = questions.explain(settings, "crm:ann", None, values=False).customer_id
    assert (records, found.scores.records) == (5, 4)
    assert found.scores.pairwise.precision == 0 and found.scores.block_recall == 0
    assert [row["cluster"] for row in found.over_merged] == [ann]
    assert [row["missed_pairs"] for row in found.under_merged] == [1]


def test_block_recall_counts_pairs_of_a_common_value_and_pairs_a_blocking_rule_compares(settings, tmp_path):
    truth = write_truth(tmp_path, "crm:ann,1", "shop:ann,1", "crm:p1,2", "shop:p2,2")
    round_model(blocking=(("government_id",),)).save(settings.identity_model)
    assert questions.evaluate(settings, truth, 5)[0].scores.block_recall == 1 / 2  # the mailbox links Ann by rule
    round_model(blocking=(("left(birth_date, 2)",),)).save(settings.identity_model)
    assert questions.evaluate(settings, truth, 5)[0].scores.block_recall == 1


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("crm:ann,1", "crm:ann,2"), "1 records more than once"),
        (("nowhere:1,1",), "none of its 1 records is in the last build"),
    ],
)
def test_a_truth_that_cannot_be_used_is_refused(settings, tmp_path, rows, message):
    with pytest.raises(questions.REFUSALS, match=message):
        questions.evaluate(settings, write_truth(tmp_path, *rows), 5)


def test_a_truth_without_its_columns_is_refused(settings, tmp_path):
    (tmp_path / "truth.csv").write_text("id,who\n1,2\n")
    with pytest.raises(questions.REFUSALS, match="needs the columns record and person"):
        questions.evaluate(settings, tmp_path / "truth.csv", 5)
    with pytest.raises(questions.REFUSALS, match="no such file"):
        questions.evaluate(settings, tmp_path / "truth.txt", 5)


def test_the_commands_tell_it_all_and_show_no_value_unless_asked_to(settings, tmp_path):
    truth = write_truth(tmp_path, "crm:ann,1", "shop:ann,1", "crm:p1,2", "shop:p1,2")
    trained = c360(settings, "train", "--reason", "a first time")
    assert "none → " in trained and "302 records" in trained and "expected precision" in trained
    assert {file.stat().st_mode & 0o777 for file in settings.identity_model.iterdir()} == {0o600}  # names are in it
    assert "the same model" in c360(settings, "train")
    stewards.decide(settings, "crm:p1", "crm:p2", "not_same", by="sue", reason="two people")
    assert "decisions it heeds: none" in trained and "decisions it heeds: 1 not same" in c360(settings, "train")
    alone, both = c360(settings, "explain", "crm:ann"), c360(settings, "explain", "crm:ann", "shop:ann")
    assert "held together by" in alone and "sum" in both
    for text in (alone, both):
        assert "ann@mail.de" not in text and "crm:ann" not in text and "Miller" not in text
    assert "ann@mail.de" in c360(settings, "explain", "crm:ann", "--show-values")
    picture = tmp_path / "weights.html"
    told = json.loads(c360(settings, "explain", "crm:ann", "shop:ann", "--json", "--html", picture))
    assert told["weighing"]["comparisons"] and picture.stat().st_mode & 0o777 == 0o600
    assert "have weights to draw" in c360(settings, "explain", "crm:ann", "--html", picture, code=1)
    evaluated = c360(settings, "evaluate", truth)
    assert "block recall 1.0000 of 2 true pairs; 4 of 4" in evaluated and "decisions it heeds: 1 not same" in evaluated
    told = json.loads(c360(settings, "evaluate", truth, "--json"))
    assert told["b_cubed"]["f1"] > 0 and told["labels"] == {"same": 0, "not_same": 1}


def _ask(settings: Settings, query: str) -> list[dict]:
    from pipelines.last_build import open_last_build

    with open_last_build(settings) as engine:
        return engine.fetch(query).to_pylist()
