"""Whole runs on a disk that is full, or that nobody may write to: a clear message, nothing lost, the next run green.

Put here: `c360 run` stopped by a disk. Keep out: each kind of such a disk (tests/runs/test_disks.py).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from corner_shop_home import hash_files
from support.disks import Disk, read_only, small_disk
from support.waiting import wait_until

pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("survives")]
ROOM = 6  # MiB, once something has landed: less than the rest of this run writes, and enough to say so


def test_a_disk_that_fills_up_stops_a_run_and_nothing_else_and_with_room_the_next_one_catches_up(undisturbed):
    home = undisturbed.shop.home
    with small_disk(home, 1000) as disk:
        shop = undisturbed.put_back()
        landed = hash_files(home / "landing", "*/*/*.parquet")
        with ThreadPoolExecutor(1) as others:
            full = others.submit(_fill_once_more_has_landed, disk, home / "landing", len(landed))
            done = shop.run()
            full.result()
        assert done.returncode == 1
        assert f"{home}: its disk " in done.stdout and "run again: nothing that landed is lost" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr
        assert undisturbed.is_as_before()
        assert set(landed.values()) <= set(hash_files(home / "landing", "*/*/*.parquet*").values())
        disk.resize(1000)
        done = shop.run()
        assert done.returncode == 0, done.stdout[-3000:]
        assert undisturbed.find_differences() == {}
        assert undisturbed.list_leftovers() == []


def _fill_once_more_has_landed(disk: Disk, landing: Path, parts: int) -> None:
    wait_until(lambda: len(list(landing.glob("*/*/*.parquet"))) > parts)
    disk.leave_free(ROOM)


@pytest.mark.parametrize("folder", ["", "landing", "published"])
def test_a_folder_nobody_may_write_to_is_told_and_the_home_stays_as_it_was(undisturbed, folder):
    shop = undisturbed.put_back()
    before = hash_files(shop.home)
    with read_only(shop.home / folder):
        done = shop.run()
    assert done.returncode == 1
    assert f"{shop.home / folder}: cannot be written to by user 0 (Read-only file system)" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert hash_files(shop.home) == before  # so the next run is the one nobody disturbed
