"""Whole runs of what comes twice, out of its time, or at once: nothing lost, nothing doubled.

Put here: deliveries, clocks and runs that repeat or overlap. Keep out: parts of one dataset (tests/ingest), the lock
itself (test_survives_turns.py).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from support.clocks import build_clock, off_by

pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("survives")]


def test_three_runs_at_once_all_end_in_turn_and_make_what_one_makes(undisturbed):
    shop = undisturbed.put_back()
    with ThreadPoolExecutor(3) as runs:
        done = [run.result() for run in [runs.submit(shop.run) for _ in range(3)]]
    assert [run.returncode for run in done] == [0, 0, 0], "\n".join(run.stdout[-1000:] for run in done)
    waited = [run for run in done if "waits for c360 run (process" in run.stdout]
    assert len(waited) == 2 and all("nothing new since run" in run.stdout for run in waited)
    assert undisturbed.find_differences() == {}
    assert undisturbed.list_leftovers() == []


def test_what_is_delivered_twice_counts_once(undisturbed):
    shop = undisturbed.put_back()
    again = [
        (orders := shop.sources / "orders_2026-01-06.csv", orders),  # the same file
        (orders, shop.sources / "orders_2026-01-07.csv"),  # under another name
        (shop.sources / "views_2026-01-05.jsonl.gz", shop.sources / "views_2026-01-06.jsonl.gz"),
    ]
    for source, target in again:
        target.write_bytes(source.read_bytes())
    shop.put_customers("2026-01-07", ["C1", "C2"])  # rows of another file
    done = shop.run()
    for _, target in again[1:]:
        target.unlink()
    (shop.sources / "customers_2026-01-07.csv").unlink()
    assert done.returncode == 0, done.stdout[-3000:]
    differing = undisturbed.find_differences("arrived_on", "part_seq")  # the latest arrival of a key is in force
    assert [table for table in differing if table.startswith("marts.")] == []


def test_a_clock_that_was_put_back_or_jumped_ahead_loses_and_doubles_nothing(undisturbed, tmp_path):
    shop, clock = undisturbed.put_back(), build_clock(tmp_path)
    done = shop.run(**off_by(clock, timedelta(days=-30)))
    assert done.returncode == 0, done.stdout[-3000:]
    assert "the clock says" in done.stdout
    assert undisturbed.find_differences() == {}
    for jump in (timedelta(days=400), timedelta(0)):
        done = shop.run(**off_by(clock, jump))
        assert done.returncode == 0 and "nothing new since run" in done.stdout, done.stdout[-3000:]
        assert ("the clock says" in done.stdout) == (not jump)  # which is behind the run before
    assert undisturbed.find_differences() == {}
