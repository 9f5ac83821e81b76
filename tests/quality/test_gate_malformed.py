"""Whatever an author writes instead of what was meant, the gate answers with problems, never with a traceback."""

import copy
from pathlib import Path

import pytest
import yaml

from quality.definitions import load_definitions
from quality.gate_columns import check_columns
from quality.gate_company import check_facts, check_touchpoints
from quality.gate_dataset import Surroundings, check_dataset
from quality.gate_standard import check_standard

SHOP = Path(__file__).with_name("shop")
AROUND = Surroundings(load_definitions(), {"order_placed": frozenset(), "order_cancelled": frozenset()})
STRANGE = [None, [], {}, 5, [5], {"a": 1}, ["x"]]


def read(name: str) -> dict:
    return yaml.safe_load((SHOP / name).read_text())


def places(node, path=()):
    if path:
        yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def replaced(document, path, value):
    changed = copy.deepcopy(document)
    here = changed
    for key in path[:-1]:
        here = here[key]
    here[path[-1]] = value
    return changed


CONTRACT = read("contracts/shop_orders.odcs.yaml")
PLACES = list(places(CONTRACT))


@pytest.mark.parametrize("number", range(len(STRANGE)))
def test_our_rules_survive_a_strange_value_anywhere(number):
    for path in PLACES[number :: len(STRANGE)]:
        changed = replaced(CONTRACT, path, STRANGE[number])
        findings = [*check_dataset(changed, "shop_orders", AROUND), *check_columns(changed, AROUND)]
        assert all(isinstance(part, str) for finding in findings for part in finding)


def test_the_standards_rules_survive_a_strange_value_and_report_it():
    for path in PLACES[::20]:
        changed = replaced(CONTRACT, path, {"a": 1})
        said = [*check_standard(changed), *check_dataset(changed, "shop_orders", AROUND)]
        assert [*said, *check_columns(changed, AROUND)], f"nothing said about {path}"


def test_company_facts_survive_a_strange_value_anywhere():
    for value in STRANGE:
        for path in places(facts := read("company.yml")):
            assert (
                list(check_facts(replaced(facts, path, value), {"shop_orders"})) or path[0] == "survivorship_priority"
            )
        for path in places(touchpoints := read("touchpoints.yml")):
            list(check_touchpoints(replaced(touchpoints, path, value), AROUND.definitions))
