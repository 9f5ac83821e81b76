"""The gate says everything that is wrong with a company, once, with file, path and remedy."""

import shutil
from pathlib import Path

import pytest
import yaml
from contract_faults import FAULTS

from quality.gate import check_company
from quality.read_contract import read_contract

SHOP = Path(__file__).with_name("shop")

TEN = [
    "unknown_term",
    "identifier_without_namespace",
    "unknown_cursor",
    "unknown_touchpoint",
    "unknown_time_zone",
    "transform_names_foreign_column",
    "unknown_custom_property",
    "two_operators",
    "unknown_read_option",
    "constant_out_of_domain",
]


@pytest.fixture
def shop(tmp_path):
    return Path(shutil.copytree(SHOP, tmp_path / "shop"))


def break_it(shop: Path, *names: str) -> Path:
    file = shop / "contracts/shop_orders.odcs.yaml"
    text = file.read_text()
    for name in names:
        old, new = FAULTS[name][0]
        assert old in text, f"the good contract no longer holds {old!r}"
        text = text.replace(old, new, 1)
    file.write_text(text)
    return file


def test_full_example_of_the_conventions_passes(shop):
    assert check_company(shop) == []


def test_a_contract_may_set_the_limit_of_a_check_nobody_wrote(shop):
    file = shop / "contracts/shop_orders.odcs.yaml"
    limit = "type: custom, engine: watch, implementation: null_shares_are_usual, mustBeLessThan: 20, unit: percent,"
    file.write_text(file.read_text().replace("metric: rowCount, mustBeGreaterThan: 0,", limit))
    assert check_company(shop) == []
    contract = read_contract(file)
    assert (contract.rules, [r.query for r in contract.watched]) == ((), ["null_shares_are_usual"])


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_gives_one_problem_with_file_path_and_remedy(shop, name):
    file = break_it(shop, name)
    _, path, words = FAULTS[name]
    problems = check_company(shop)
    found = [p for p in problems if p.path.endswith(path)]
    assert len(found) == 1 and len(problems) == 1, "\n".join(map(str, problems))
    assert str(found[0]).startswith(f"{file}: ")
    assert [w for w in words if w not in found[0].message] == [], found[0].message


def test_ten_faults_in_one_contract_give_ten_problems(shop):
    file = break_it(shop, *TEN)
    problems = check_company(shop)
    assert len(problems) == 10, "\n".join(map(str, problems))
    assert {p.file for p in problems} == {str(file)}
    assert problems == sorted(problems)


def test_credentials_are_never_repeated_in_a_problem(shop):
    break_it(shop, "password_in_clear_text")
    assert not [p for p in check_company(shop) if "hunter2" in str(p)]


@pytest.mark.parametrize(
    "location",
    ["${CRM_URL}", "sqlite:///${C360_DATA}/crm.sqlite", "postgresql://app:${CRM_PASSWORD}@db:5432/shop", "duckdb:///x"],
)
def test_placeholders_in_a_location_stay_unresolved(shop, location):
    file = shop / "contracts/shop_orders.odcs.yaml"
    document = yaml.safe_load(file.read_text())
    document["servers"] = [{"server": "crm", "type": "custom", "location": location, "format": "sql"}]
    file.write_text(yaml.safe_dump(document))
    assert check_company(shop) == []


def test_shipped_helpers_lists_and_lambdas_are_scalar_sql(shop):
    file = shop / "contracts/shop_orders.odcs.yaml"
    document = yaml.safe_load(file.read_text())
    for name, logic in {
        "plan": "json_param(total, 'plan')",
        "sum": "json_sum(total, 'price')",
        "tags": "list_transform(string_split(total, ','), x -> trim(x))[1]",
        "late": "case when landed_at > ordered_at + interval 1 day then 'late' end",
    }.items():
        document["schema"][0]["properties"].append(
            {"name": name, "logicalType": "string", "transformLogic": logic, "classification": "internal"}
        )
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    assert check_company(shop) == []


@pytest.mark.parametrize(
    ("physical_name", "is_clean"),
    [("$.context.device.id", True), ('$."a.b".c', True), ("$.items[0].sku", True), ("$..id", False), ("$.a b", False)],
)
def test_json_sources_name_columns_by_path(shop, physical_name, is_clean):
    file = shop / "contracts/shop_orders.odcs.yaml"
    document = yaml.safe_load(file.read_text())
    document["servers"] = [{"server": "f", "type": "local", "path": "x/*.jsonl", "format": "jsonl"}]
    next(c for c in document["schema"][0]["properties"] if c["name"] == "cookie")["physicalName"] = physical_name
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    assert [p.path for p in check_company(shop)] == (
        [] if is_clean else ["schema.shop_orders.properties.cookie.physicalName"]
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "path", "words"),
    [
        ("company.yml", "Europe/Berlin", "Berlin", "timezone", "no known time zone"),
        ("company.yml", "[shop_orders]", "[shop_order]", "survivorship_priority", "nearest 'shop_orders'"),
        ("company.yml", "currency: EUR\n", "", "currency", "three capital letters"),
        ("company.yml", "country: DE", "country: Germany", "country", "two capital letters"),
        ("touchpoints.yml", "initiator: customer", "initiator: us", "touchpoints.order_placed.initiator", "company"),
        ("touchpoints.yml", "is_online:", "online:", "touchpoints.order_placed.online", "nearest 'is_online'"),
    ],
)
def test_company_facts_are_checked_too(shop, file, old, new, path, words):
    text = (shop / file).read_text()
    assert old in text
    (shop / file).write_text(text.replace(old, new, 1))
    problems = check_company(shop)
    assert [(p.file, p.path) for p in problems] == [(str(shop / file), path)], "\n".join(map(str, problems))
    assert words in problems[0].message


def test_attribute_no_touchpoint_declares_is_a_fault(shop):
    file = shop / "contracts/shop_orders.odcs.yaml"
    document = yaml.safe_load(file.read_text())
    document["schema"][0]["properties"].append(
        {
            "name": "plan_family",
            "logicalType": "string",
            "authoritativeDefinitions": [{"type": "term", "url": "definitions/interaction.attribute"}],
        }
    )
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    assert ["add it to attributes in touchpoints.yml" in p.message for p in check_company(shop)] == [True]
    text = (shop / "touchpoints.yml").read_text()
    (shop / "touchpoints.yml").write_text(text.replace("{channel", "{attributes: [plan_family], channel", 1))
    assert check_company(shop) == []


def test_an_item_must_be_an_attribute_of_its_touchpoint(shop):
    text = (shop / "touchpoints.yml").read_text()
    (shop / "touchpoints.yml").write_text(text.replace("{channel", "{attributes: [plan], items: [plam], channel", 1))
    assert [(p.path.split(".")[-1], "names 'plam'" in p.message) for p in check_company(shop)] == [("items", True)]


def test_missing_files_are_named(tmp_path):
    problems = check_company(tmp_path)
    assert {Path(p.file).name for p in problems} == {"company.yml", "touchpoints.yml", "contracts"}


def test_the_same_faults_come_in_the_same_words_and_order(shop):
    break_it(shop, *TEN)
    assert check_company(shop) == check_company(shop)
