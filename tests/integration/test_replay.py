"""A version of a journey is replayed from the command line and from Dagster; days and datasets landed alone and built.

Put here: whole commands over the shop. Keep out: which rows a replay rewrites
(tests/journeys/test_replay_journeys.py), what of a choice lands (test_backfill.py).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from compare_homes import find_differences
from corner_shop_home import CornerShop, run_c360

from pipelines import audit
from pipelines.state import open_state

DAGSTER = Path(sys.executable).parent / "dagster"
ORDERS = "select count(*) from marts.fct_orders"


@pytest.mark.proof
@pytest.mark.xdist_group("corner_shop")
def test_a_replay_publishes_what_was_published_and_leaves_one_entry(tmp_path):
    shop = CornerShop(tmp_path / "shop")
    assert shop.run().returncode == 0
    for file in ("published", "private"):
        shutil.copytree(shop.home / file, tmp_path / "before" / file)

    asked = ("buy@1", "--reason", "a doubt", "--by", "ann")
    done = run_c360("journey", "replay", *asked, *shop.place, C360_DATA=shop.sources)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "buy@1 fct_journeys: 6 rows before, 6 after, 0 changed" in done.stdout
    assert find_differences(tmp_path / "before", shop.home) == {}
    assert _launch(shop, "job", "execute", "-j", "replay_journey", "-c", _config(tmp_path, "buy@1")) == 0
    assert find_differences(tmp_path / "before", shop.home) == {}
    counted = "(rows of facts: 33 before, 33 after, 0 changed)"
    assert _entries(shop) == [("ann", "buy@1", f"a doubt {counted}"), ("bob", "buy@1", f"from Dagster {counted}")]

    assert "nothing new since run" in shop.run().stdout  # a replay owes nothing
    refused = run_c360("journey", "replay", "buy@2", "--reason", "a doubt", *shop.place)
    assert (refused.returncode, "seen 'buy@2'" in refused.stdout) == (1, True), refused.stdout


@pytest.mark.proof
@pytest.mark.xdist_group("corner_shop")
def test_one_day_of_one_dataset_is_built_without_the_rest(tmp_path):
    shop = CornerShop(tmp_path / "shop")
    assert shop.run().returncode == 0
    shop.put_orders("2026-01-06", [("O1", "C1"), ("O2", "C2"), ("O3", "C3"), ("O4", "C4")])
    shop.put_orders("2026-01-08", [("O5", "C5")])

    assert run_c360("backfill", "orders", "--day", "2026-01-06", *shop.place, C360_DATA=shop.sources).returncode == 0
    assert shop.ask(ORDERS) == [(4,)]  # the eighth waits for a run
    range_of_days = ("--select", "landing/orders", "--partition-range", "2026-01-07...2026-01-08")
    assert _launch(shop, "asset", "materialize", *range_of_days) == 0
    assert run_c360("backfill", "parcels", *shop.place, C360_DATA=shop.sources).returncode == 0
    assert shop.ask(ORDERS) == [(5,)]


def _launch(shop: CornerShop, *words: object) -> int:
    """Have Dagster's own command line do it, as the UI does."""
    place = {"C360_COMPANY": shop.company, "C360_HOME": shop.home, "C360_DATA": shop.sources}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("C360_", "DAGSTER_"))}
    environ = kept | {n: str(v) for n, v in place.items()} | {"DAGSTER_HOME": str(shop.home / "dagster")}
    command = [DAGSTER, *words, "-m", "pipelines.definitions"]
    return subprocess.run([str(word) for word in command], env=environ, capture_output=True, check=False).returncode


def _config(folder: Path, version: str) -> Path:
    asked = {"version": version, "actor": "bob", "reason": "from Dagster"}
    file = folder / "replay.json"
    file.write_text(json.dumps({"resources": {"replay": {"config": asked}}}))
    return file


def _entries(shop: CornerShop) -> list[tuple[str, str, str]]:
    with open_state(f"sqlite:///{shop.home / 'state.db'}", audit.METADATA).connect() as state:
        return [(e["actor"], e["object"], e["reason"]) for e in audit.read_entries(state, action="replay journey")]
