"""The gate says what is wrong with the addresses alerts go to, before one is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from quality.channel import Channel
from quality.company import load_company
from quality.contract import ContractError
from quality.gate import check_company

SHOP = Path(__file__).with_name("shop")
SUPPORT = [
    {"channel": "#shop", "url": "https://chat.shop.example/shop", "tool": "slack", "scope": "interactive"},
    {"channel": "on call", "url": "mailto:on-call@shop.example", "tool": "email", "scope": "notifications"},
    {"channel": "hook", "url": "${SHOP_HOOK}", "scope": "notifications"},
]
GOOD = [
    "mailto:a@b.c",
    "mailto:${WHO}@b.c",
    "mailto:${WHO}",
    "https://h.c/x",
    "http://${HOST}/x",
    "${X}",
    "file:a/b.jsonl",
]
BAD = [
    "a@b.c",
    "mailto:a",
    "mailto:a@b.c,d@e.f",
    "ftp://h.c",
    "https://",
    "file:/etc/x",
    "file:../x",
    "file:a/../../x",
    "",
]


@pytest.fixture
def shop(tmp_path) -> Path:
    return Path(shutil.copytree(SHOP, tmp_path / "shop"))


def declare(shop: Path, **facts: object) -> None:
    file = shop / "company.yml"
    file.write_text(file.read_text() + yaml.safe_dump(facts))


def support(shop: Path, *items: dict) -> None:
    file = shop / "contracts" / "shop_orders.odcs.yaml"
    file.write_text(file.read_text() + yaml.safe_dump({"support": list(items)}))


@pytest.mark.parametrize("address", GOOD)
def test_an_address_may_hold_variables_of_the_environment(shop, address):
    declare(shop, teams={"shop-team": [address]})
    assert check_company(shop) == []
    assert load_company(shop).teams == {"shop-team": (Channel(address),)}


@pytest.mark.parametrize("address", [*BAD, 7])
def test_what_is_no_address_is_told_with_what_is_allowed(shop, address):
    declare(shop, teams={"shop-team": ["mailto:a@b.c", address]})
    [problem] = check_company(shop)
    assert problem.path == "teams.shop-team[1]"
    assert "mailto:<address>" in problem.message
    with pytest.raises(ContractError, match="teams.shop-team"):
        load_company(shop)


def test_a_contract_names_its_own_channels_for_notifications(shop):
    support(shop, *SUPPORT)
    assert check_company(shop) == []
    [contract] = load_company(shop).contracts
    assert contract.alert_addresses == ("mailto:on-call@shop.example", "${SHOP_HOOK}")


@pytest.mark.parametrize(
    ("fault", "path", "words"),
    [
        ({"url": "on-call@shop.example"}, "support.on call.url", "mailto:<address>"),
        ({"url": None}, "support.on call.url", "allowed: mailto:<address>"),
        ({"scope": "notification"}, "support.on call.scope", "nearest 'notifications'"),
        ({"url": "https://app:hunter2@h.example/x"}, "support.on call.url", "clear text"),
    ],
)
def test_a_faulty_channel_of_a_contract_is_told(shop, fault, path, words):
    item = {key: value for key, value in {**SUPPORT[1], **fault}.items() if value is not None}
    support(shop, item)
    [problem] = check_company(shop)
    assert problem.path == path
    assert words in problem.message and "hunter2" not in problem.message


@pytest.mark.parametrize(
    ("alerts", "path"),
    [
        ({"default": []}, "alerts.default"),
        ({"remind_after": 0}, "alerts.remind_after"),
        ({"remind_after": "7d"}, "alerts.remind_after"),
        ({"sender": "us"}, "alerts.sender"),
        ({"defaults": ["mailto:a@b.c"]}, "alerts.defaults"),
        (["mailto:a@b.c"], "alerts"),
    ],
)
def test_the_rules_for_alerts_are_checked(shop, alerts, path):
    declare(shop, alerts=alerts)
    assert [p.path for p in check_company(shop)] == [path]


def test_what_a_variable_holds_is_checked_when_it_is_used_and_never_repeated():
    assert Channel("${HOOK}").resolve({"HOOK": "https://h.example/s3cret"}).kind == "http"
    with pytest.raises(ContractError) as fault:
        Channel("${HOOK}").resolve({"HOOK": "s3cret"})
    assert "${HOOK}" in str(fault.value) and "s3cret" not in str(fault.value)
