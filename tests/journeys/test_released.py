"""A published version of a journey never changes: what lint says of a file that says otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from pipelines.journeys.released import list_changed_releases, list_retired
from pipelines.journeys.spec import load_journeys
from quality.company import Touchpoint

TOUCHPOINTS = {name: Touchpoint(name, name) for name in ("seen", "paid")}
BUY = {
    **{"journey": "buy", "version": 1, "status": "approved", "name": "Buy", "use_case": "acquisition"},
    **{"entry": {"touchpoints": ["seen"]}, "timeouts": {"inactivity": "7d"}},
    "stages": [
        {"id": "look", "touchpoints": ["seen"]},
        {"id": "pay", "touchpoints": ["paid"], "terminal": "converted"},
    ],
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`journeys/` with buy@1, published as it stands."""
    for name in ("journeys/buy.yml", "released/buy@1.yml"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(yaml.safe_dump(BUY))
    return tmp_path


def _judge(folder: Path) -> list[str]:
    return list_changed_releases(load_journeys(folder / "journeys", TOUCHPOINTS), folder / "released")


def test_an_unchanged_version_is_no_problem(folder):
    assert _judge(folder) == []


def test_a_changed_version_is_refused_and_told_what_to_do(folder):
    file = folder / "journeys" / "buy.yml"
    file.write_text(yaml.safe_dump(BUY | {"timeouts": {"inactivity": "14d"}, "name": "Purchase"}))

    assert _judge(folder) == [
        f"{file}: version: buy@1 is published and says otherwise in name, timeouts; a published version never changes; "
        f"set version: 2, or put back what {folder / 'released' / 'buy@1.yml'} says"
    ]


def test_the_version_to_set_is_above_every_published_and_declared_one(folder):
    (folder / "released" / "buy@2.yml").write_text(yaml.safe_dump(BUY | {"version": 2}))
    (folder / "journeys" / "next.yml").write_text(yaml.safe_dump(BUY | {"version": 10}))
    (folder / "journeys" / "buy.yml").write_text(yaml.safe_dump(BUY | {"status": "assumed"}))

    assert "says otherwise in status" in _judge(folder)[0]
    assert "set version: 11," in _judge(folder)[0]


def test_comments_layout_and_order_say_nothing(folder):
    reversed_keys = yaml.safe_dump(dict(reversed(list(BUY.items()))), sort_keys=False, default_flow_style=True)
    (folder / "journeys" / "buy.yml").write_text(f"# agreed in May\n\n{reversed_keys}")

    assert _judge(folder) == []


def test_the_file_may_have_another_name(folder):
    (folder / "journeys" / "buy.yml").rename(folder / "journeys" / "purchase.yaml")

    assert _judge(folder) == []


def test_a_new_version_beside_or_instead_of_the_published_one_is_no_problem(folder):
    changed = yaml.safe_dump(BUY | {"version": 2, "timeouts": {}})
    (folder / "journeys" / "buy_2.yml").write_text(changed)
    assert _judge(folder) == []

    (folder / "journeys" / "buy.yml").unlink()
    assert _judge(folder) == []
    assert list_retired(load_journeys(folder / "journeys", TOUCHPOINTS), folder / "released") == ["buy@1"]


def test_a_retired_version_comes_back_only_as_it_was(folder):
    (folder / "journeys" / "buy.yml").unlink()
    assert _judge(folder) == []

    (folder / "journeys" / "again.yml").write_text(yaml.safe_dump(BUY | {"timeouts": {}}))
    assert len(_judge(folder)) == 1

    (folder / "journeys" / "again.yml").write_text(yaml.safe_dump(BUY))
    assert _judge(folder) == []


def test_nothing_is_published_where_there_is_no_copy(tmp_path):
    (tmp_path / "buy.yml").write_text(yaml.safe_dump(BUY))

    assert list_changed_releases(load_journeys(tmp_path, TOUCHPOINTS), tmp_path / "released") == []
