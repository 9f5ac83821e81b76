"""Whole runs killed with SIGKILL at random instants: what is published stays whole, and the next run repairs by itself.

Put here: `c360 run` killed, alone or with its children. Keep out: every step of one landing, release or publication
(tests/ingest/test_killed_*.py, tests/publish/test_killed_publish.py).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess

import pytest
from corner_shop_home import C360, CornerShop
from undisturbed_shop import Undisturbed

SEEDS, KILLS = 10, 5  # fifty kills; those of a seed hit one home, each the run that is to repair what the last one left
pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("survives")]


def run_and_kill(shop: CornerShop, after: float, *, children_too: bool) -> bool:
    """Start a run and kill it after so many seconds; left alone, its children go on as long as they like.

    Returns:
        False: the run had ended before.
    """
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
        return False
    except subprocess.TimeoutExpired:
        if children_too:
            os.killpg(run.pid, signal.SIGKILL)
        else:
            run.kill()
        run.wait()
        return True


def check_repair(undisturbed: Undisturbed) -> None:
    done = undisturbed.shop.run()
    assert done.returncode == 0, done.stdout[-3000:]
    assert undisturbed.find_differences() == {}
    assert undisturbed.list_leftovers() == []


@pytest.mark.parametrize("seed", range(SEEDS))
def test_runs_killed_at_any_instant_leave_the_old_state_or_the_new_and_the_next_one_repairs_it(undisturbed, seed):
    shop, chance, kills = undisturbed.put_back(), random.Random(seed), 0
    while kills < KILLS:
        kills += run_and_kill(shop, chance.uniform(0, undisturbed.seconds), children_too=chance.random() < 2 / 3)
        if not undisturbed.is_as_before():  # then all that the run was to publish
            assert undisturbed.find_differences() == {}
            check_repair(undisturbed)
            undisturbed.put_back()
    check_repair(undisturbed)
