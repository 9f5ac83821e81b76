"""A home made of a backup is the home it was taken of: parts, state, histories, what is published, the company.

Put here: what a backup gives back. Keep out: what it refuses, and being killed (test_backup_faults.py).
"""

from __future__ import annotations

import importlib
import stat
from contextlib import closing
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
from identity_warehouse import Warehouse
from kept_home import MAIL, KeptHome, hash_parts
from support.postgres import run_postgres

from identity import decisions
from identity.as_of import golden_cells_as_of, membership_as_of
from pipelines import audit
from pipelines.backup.errors import BackupError
from pipelines.backup.fingerprint import find_differing, fingerprint_tables
from pipelines.backup.restore import verify
from pipelines.backup.state_copy import TABLES
from pipelines.ingest.manifest import Manifest
from pipelines.state import open_state, write_state

REPOSITORY = Path(__file__).parents[2]


def test_a_restored_home_has_every_part_the_manifest_the_company_and_what_was_published(home):
    home.back_up()
    new = home.restore()
    assert hash_parts(new.home) == hash_parts(home.settings.home)
    assert any(path.endswith(".raw") for path in hash_parts(new.home))
    assert Manifest(new.state_url).parts() == home.parts.manifest.parts()
    assert (new.home / "company" / "shop" / "company.yml").read_text() == "country: DE\n"
    assert find_differing(fingerprint_tables(new.published), fingerprint_tables(home.settings.published)) == []


def test_only_the_published_file_of_a_restored_home_is_open_to_others(home):
    home.back_up()
    new = home.restore()
    modes = {name: stat.S_IMODE((new.home / name).stat().st_mode) for name in ("", "published", "private", "state.db")}
    assert modes == {"": 0o711, "published": 0o755, "private": 0o700, "state.db": 0o600}
    assert stat.S_IMODE(home.target.stat().st_mode) == 0o700


def test_what_was_believed_when_and_every_id_are_as_before_and_resolving_again_changes_nothing(home):
    home.back_up()
    new = home.restore()
    before, after = _believed(home.settings.warehouse), _believed(new.warehouse)
    assert before == after
    assert [len(rows) for rows in after["membership"]] == [0, 2, 3], "before the first build, after it, and now"
    with closing(Warehouse(new.warehouse, run_no=9)) as restored:
        for number in "12":
            restored.person(f"crm:{number}", first_name="Ada", email=MAIL, ids={"email": MAIL})
        report = restored.resolve(at="2024-06-01")
    assert (report.events, report.membership_opened, report.membership_closed, report.cells_opened) == ({}, 0, 0, 0)


def test_decisions_undoings_and_the_audit_log_are_as_they_were_and_the_restore_is_entered(home):
    with write_state(open_state(home.settings.state_url, decisions.METADATA)) as state:
        made = decisions.decide(state, "crm:1", "crm:2", "not_same", decided_by="sue", reason="sisters")
    taken = home.back_up()
    new = home.restore()
    with open_state(new.state_url).connect() as state:
        assert decisions.read_effective(state)["decision_id"].to_pylist() == [made]
        [entry] = audit.read_entries(state)
    assert (entry["actor"], entry["action"], entry["object"]) == ("sue", "restore", taken.backup.name)
    with open_state(home.settings.state_url).connect() as state:
        assert [e["action"] for e in audit.read_entries(state)] == ["backup"]


def test_a_second_backup_copies_only_what_is_new_and_the_first_stays_whole(home):
    first = home.back_up()
    kept = home.objects()
    home.parts.put("c_2024-05-03.csv", "k,v\n4,40\n")
    home.parts.land()
    second = home.back_up()
    [part] = second.backup.files.keys() - first.backup.files.keys()
    assert part.startswith("landing/d/arrived=2024-05-03/")
    changed = {second.backup.files[path].sha256 for path in (part, "state.db")}
    assert home.objects() - kept == changed
    assert second.copied == 2
    for taken in (first, second):
        assert verify(str(home.target), taken.backup.name) == (taken.backup, [])
    assert len(Manifest(home.restore("old", name=first.backup.name).state_url).parts()) == 2


def test_old_backups_are_removed_with_what_only_they_had(home):
    for day in ("03", "04"):
        home.back_up()
        home.parts.put(f"c_2024-05-{day}.csv", f"k,v\n{day},40\n")
        home.parts.land()
    last = home.back_up(keep=1)
    assert last.forgotten == 2
    assert home.objects() == {file.sha256 for file in last.backup.files.values()}
    assert verify(str(home.target)) == (last.backup, [])


def test_a_home_on_postgresql_is_restored_to_postgresql_and_counts_on(tmp_path):
    with run_postgres() as url:
        new_url = url.replace("/postgres", "/new")
        with sa.create_engine(url, isolation_level="AUTOCOMMIT").connect() as server:
            server.execute(sa.text("create database new"))
        home = KeptHome(tmp_path, C360_STATE_URL=url)
        home.parts.manifest = Manifest(url)
        home.parts.land()
        with write_state(open_state(url, decisions.METADATA)) as state:
            made = decisions.decide(state, "crm:1", "crm:2", "same", decided_by="sue", reason="one person")
            undone = decisions.undo(state, made, decided_by="sue", reason="no")
        home.back_up()
        new = home.restore(environ={"C360_STATE_URL": new_url})
        assert not (new.home / "state.db").exists()
        assert Manifest(new_url).parts() == Manifest(url).parts()
        with pytest.raises(BackupError, match="restore into an empty state database"):
            home.restore("another", {"C360_STATE_URL": new_url})
        with write_state(open_state(new_url)) as state:
            decisions.undo(state, undone, decided_by="sue", reason="yes")
            assert decisions.read_effective(state)["decision_id"].to_pylist() == [made]


def test_every_table_of_the_state_database_is_copied():
    declared = {
        ".".join(file.relative_to(REPOSITORY).with_suffix("").parts)
        for package in ("pipelines", "identity")
        for file in (REPOSITORY / package).rglob("*.py")
        if "METADATA = sa.MetaData()" in file.read_text(encoding="utf-8")
    }
    assert {id(importlib.import_module(name).METADATA) for name in declared} == {id(metadata) for metadata in TABLES}


def test_the_same_rows_in_another_order_have_the_same_fingerprint_and_other_rows_another(tmp_path):
    files = [tmp_path / f"{n}.duckdb" for n in range(3)]
    rows = ["(1, 'a'), (1, 'a'), (2, null)", "(2, null), (1, 'a'), (1, 'a')", "(1, 'a'), (2, null), (2, null)"]
    for file, values in zip(files, rows, strict=True):
        with duckdb.connect(str(file)) as con:
            con.execute("create schema marts")
            con.execute(f"create table marts.t as select * from (values {values}) as t (k, v)")
    one, same, other = map(fingerprint_tables, files)
    assert find_differing(one, same) == []
    assert find_differing(one, other) == ["marts.t"]


def test_a_target_may_be_any_file_system_fsspec_knows(home):
    home.target = "memory://kept"
    home.back_up()
    assert home.back_up().copied == 1, "the state database, which has the entry of the first"
    assert verify(home.target)[1] == []
    assert hash_parts(home.restore().home) == hash_parts(home.settings.home)


def test_a_withdrawn_part_comes_back_withdrawn(home):
    home.parts.manifest.withdraw("d", "${C360_DATA}/a_2024-05-01.csv", reason="wrong", actor="sue")
    home.back_up()
    assert Manifest(home.restore().state_url).parts() == home.parts.manifest.parts()


def _believed(warehouse: Path) -> dict[str, list]:
    """The histories as of three moments, and the ids that are gone, of a warehouse."""
    moments = [datetime(2024, 5, day) for day in (2, 3)] + [None]
    with duckdb.connect(str(warehouse), read_only=True) as con:
        found = {
            name: [con.execute(f"from ({query(at)}) order by all").fetchall() for at in moments]
            for name, query in {"membership": membership_as_of, "cells": golden_cells_as_of}.items()
        }
        for log in ("id_events", "id_redirects", "membership", "golden_cell_history"):
            found[f"all of {log}"] = con.execute(f"from identity.{log} order by all").fetchall()
    return found
