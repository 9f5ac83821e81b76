"""Whole runs killed with SIGKILL at random instants: what is published stays whole, and the next run repairs by itself.

Put here: `c360 run` killed, alone or with its children. Keep out: every step of one landing, release or publication
(tests/ingest/test_killed_*.py, tests/publish/test_killed_publish.py).
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from compare_homes import AUDIT, FILES, MOMENTS, find_differences
from corner_shop_home import C360, CornerShop, hash_files

KILLS = 50
pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("survives_kills")]


@dataclass(frozen=True)
class Undisturbed:
    """A home before and after one run that nobody disturbed, and how long that took."""

    shop: CornerShop
    before: Path
    after: Path
    seconds: float


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("killed")
    shop, before, after = CornerShop(folder), folder / "before", folder / "after"
    assert shop.run().returncode == 0
    shutil.copytree(shop.home, before, symlinks=True)
    deliver(shop)
    started = time.monotonic()
    assert shop.run().returncode == 0
    seconds = time.monotonic() - started
    for file in FILES:
        (after / file).parent.mkdir(parents=True)
        shutil.copy(shop.home / file, after / file)
    return Undisturbed(shop, before, after, seconds)


def deliver(shop: CornerShop) -> None:
    """A day of everything, and a correction of the day before."""
    shop.put_orders("2026-01-06", [("O1", "C1"), ("O2", "C2"), ("O3", "C4")])
    shop.put_orders("2026-01-08", [("O4", "C4"), ("O5", "C1")])
    shop.put_views("2026-01-08", ["C2", "C5"])
    shop.put_customers("2026-01-08", ["C7"])
    shop.put_parcels("2026-01-08", ["C3"])


def run_and_kill(shop: CornerShop, after: float, *, children_too: bool) -> None:
    """Start a run and kill it after so many seconds; left alone, its children go on as long as they like."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("C360_", "DAGSTER_"))}
    run = subprocess.Popen(
        [str(a) for a in (C360, "run", *shop.place)],
        env={**kept, "C360_DATA": str(shop.sources)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        run.wait(after)
    except subprocess.TimeoutExpired:
        if children_too:
            os.killpg(run.pid, signal.SIGKILL)
        else:
            run.kill()
    run.wait()


@pytest.mark.parametrize("seed", range(KILLS))
def test_a_run_killed_at_any_instant_leaves_the_old_state_or_the_new_and_the_next_one_repairs_it(undisturbed, seed):
    shop, chance = undisturbed.shop, random.Random(seed)
    shutil.rmtree(shop.home)
    shutil.copytree(undisturbed.before, shop.home, symlinks=True)
    run_and_kill(shop, chance.uniform(0, undisturbed.seconds), children_too=seed % 3 > 0)
    check_published(shop, undisturbed.before, undisturbed.after)
    done = shop.run()
    assert done.returncode == 0, done.stdout[-3000:]
    assert find_differences(undisturbed.after, shop.home, AUDIT | MOMENTS) == {}
    assert list_leftovers(shop.home) == []


def check_published(shop: CornerShop, before: Path, after: Path) -> None:
    """What readers get is the file from before the run, byte for byte, or all that the run was to publish."""
    if hash_files(shop.home / "published", "*.duckdb") != hash_files(before / "published", "*.duckdb"):
        assert find_differences(after, shop.home, AUDIT | MOMENTS) == {}


def list_leftovers(home: Path) -> list[str]:
    """Files of work that was not finished."""
    patterns = ("published/.*", "private/.*", "released/*/.*", "landing/.tmp-*", "tmp/*", "*.wal")
    return sorted(str(f.relative_to(home)) for pattern in patterns for f in home.glob(pattern))
