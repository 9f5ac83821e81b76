"""Disks that are full, read-only or somebody else's: told before a run begins, with the folder and what to do."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import duckdb
import pytest
from support.disks import read_only, small_disk

from pipelines.disks import DiskError, advise, find_disk_faults, require_disks, telling_disks
from pipelines.run import prepare_home
from pipelines.settings import Settings


def test_a_run_does_not_begin_on_a_full_disk_and_says_which_and_how_much_is_free(tmp_path):
    with small_disk(tmp_path / "home", 20) as disk:
        (disk.folder / "spill").write_bytes(bytes(10 << 20))
        with pytest.raises(DiskError, match=rf"{disk.folder}: its disk is full: 10 of 20 MiB free, 16 MiB needed"):
            require_disks(disk.folder)
        disk.resize(40)
        require_disks(disk.folder)


def test_folders_on_a_full_disk_of_their_own_are_told_once_for_the_disk(tmp_path):
    with small_disk(tmp_path / "home" / "landing", 4):
        (tmp_path / "home" / "tmp").mkdir()
        with pytest.raises(DiskError) as told:
            require_disks(tmp_path / "home")
    assert str(told.value).startswith(f"{tmp_path / 'home' / 'landing'}: ") and len(str(told.value).splitlines()) == 1


@pytest.mark.parametrize("name", ["", "landing", "published"])
def test_a_run_does_not_begin_where_a_folder_is_read_only_and_says_which(tmp_path, name):
    (tmp_path / name).mkdir(exist_ok=True)
    with read_only(tmp_path / name), pytest.raises(DiskError) as told:
        require_disks(tmp_path)
    assert (
        str(told.value)
        .splitlines()[0]
        .startswith(
            f"{tmp_path / name}: cannot be written to by user 0 (Read-only file system); mount its disk for writing"
        )
    )
    require_disks(tmp_path)


def test_a_folder_of_another_user_is_told_with_who_asks():
    if os.geteuid() != 0:
        pytest.skip("only root may become another user: run this test as root")
    with tempfile.TemporaryDirectory() as home:  # pytest's own folders let no other user pass
        Path(home).chmod(0o755)
        os.seteuid(65534)
        try:
            told = find_disk_faults(Path(home))
        finally:
            os.seteuid(0)
    assert len(told) == 1 and told[0].startswith(f"{home}: cannot be written to by user 65534 (Permission denied); ")


def test_what_a_library_makes_of_a_full_disk_is_told_as_a_full_disk(tmp_path):
    with (
        small_disk(tmp_path, 8),
        pytest.raises(DiskError, match="its disk is full"),
        telling_disks(tmp_path),
        duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con,
    ):
        con.execute("create table t as select random() as r from range(5_000_000)")


def test_a_fault_of_another_kind_stays_what_it_is(tmp_path):
    with pytest.raises(ValueError, match="a fault"), telling_disks(tmp_path):
        raise ValueError("a fault")
    assert advise(["step: Binder Error: no such column"], tmp_path) is None


def test_where_the_room_is_back_by_the_time_it_is_told_the_disk_is_named_all_the_same(tmp_path):
    told = advise(["land_orders: OSError: [Errno 28] No space left on device"], tmp_path)
    assert told.startswith(f"{tmp_path}: its disk stopped the run, and has ") and "run again" in told


def test_a_home_that_cannot_be_written_to_is_left_as_it_was(tmp_path):
    settings = Settings.from_env({}, home=tmp_path)
    before = os.umask(0o022)
    try:
        with read_only(tmp_path), pytest.raises(DiskError):
            prepare_home(settings)
    finally:
        os.umask(before)
    assert list(tmp_path.iterdir()) == []
