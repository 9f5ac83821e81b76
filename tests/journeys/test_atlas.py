"""How journeys nest, and what an author is told when they cannot."""

from __future__ import annotations

import pytest
import yaml

from pipelines.journeys.atlas import list_links
from pipelines.journeys.model import JourneyError
from pipelines.journeys.spec import load_journeys
from quality.company import Touchpoint

TOUCHPOINTS = {"seen": Touchpoint("seen", "seen")}


def _journey(journey_id, parent=None, version=1, status="approved"):
    return {
        **{"journey": journey_id, "version": version, "status": status, "use_case": "acquisition", "parent": parent},
        **{"entry": {"touchpoints": ["seen"]}, "stages": [{"id": "look", "touchpoints": ["seen"]}]},
    }


def _load(folder, *documents):
    for document in documents:
        (folder / f"{document['journey']}_{document['version']}.yml").write_text(yaml.safe_dump(document))
    return load_journeys(folder, TOUCHPOINTS)


def test_the_closure_names_everything_above_a_journey(tmp_path):
    journeys = _load(tmp_path, _journey("buy", "life.get_it"), _journey("pay", "buy"), _journey("alone"))

    links = [(x.ancestor_id, x.descendant_id, x.depth) for x in list_links(journeys)]

    assert links == [
        ("alone", "alone", 0),
        ("buy", "buy", 0),
        ("buy", "pay", 1),
        ("life", "buy", 2),
        ("life", "life", 0),
        ("life", "life.get_it", 1),
        ("life", "pay", 3),
        ("life.get_it", "buy", 1),
        ("life.get_it", "life.get_it", 0),
        ("life.get_it", "pay", 2),
        ("pay", "pay", 0),
    ]


def test_a_node_knows_its_kind_name_level_path_and_whether_it_is_a_leaf(tmp_path):
    journeys = _load(tmp_path, _journey("buy", "life.get_it"), _journey("pay_up", "buy"))

    nodes = {x.descendant_id: x[4:] for x in list_links(journeys) if x.depth == 0}

    assert nodes == {
        "life": ("phase", "life", 0, 0, "life", False),
        "life.get_it": ("phase", "get it", 0, 1, "life > life.get_it", False),
        "buy": ("journey", "buy", 0, 2, "life > life.get_it > buy", False),
        "pay_up": ("journey", "pay up", 0, 3, "life > life.get_it > buy > pay_up", True),
    }


def test_the_version_in_force_says_where_a_journey_belongs(tmp_path):
    journeys = _load(
        tmp_path,
        _journey("buy", "old"),
        _journey("buy", "now", version=2),
        _journey("buy", "later", version=3, status="future"),
        _journey("idea", "old", status="assumed"),
        _journey("idea", "later", version=2, status="assumed"),
    )

    assert {x.ancestor_id for x in list_links(journeys) if x.descendant_id == "buy" and x.depth} == {"now"}
    assert {x.ancestor_id for x in list_links(journeys) if x.descendant_id == "idea" and x.depth} == {"later"}


@pytest.mark.parametrize(
    ("parents", "told"),
    [
        ({"a": "b", "b": "a"}, ["a_1.yml: parent: a > b > a: 'a' is above itself; change the parent of one of them"]),
        (
            {"d": "a", "a": "b", "b": "c", "c": "a"},
            ["a_1.yml: parent: a > b > c > a: 'a' is above itself; change the parent of one of them"],
        ),
        (
            {"a": None, "b": "a.late"},
            ["b_1.yml: parent: seen 'a.late', but 'a' is a journey and has no phases; allowed: a, or a path of phases "
             "that begins otherwise"],
        ),
        ({"a": "a"}, ["a_1.yml: parent: 'a' is this journey itself; name the journey or life-cycle phase above it"]),
    ],
)  # fmt: skip
def test_parents_that_cannot_be_are_refused(tmp_path, parents, told):
    with pytest.raises(JourneyError) as fault:
        _load(tmp_path, *(_journey(name, parent) for name, parent in parents.items()))

    assert list(fault.value.problems) == [f"{tmp_path}/{line}" for line in told]
