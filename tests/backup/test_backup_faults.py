"""A backup is whole or it is none, and a restore makes a home or nothing, whatever happens.

Put here: kills, damage, refusals, writers. Keep out: what a backup gives back (test_backup_restore.py).
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

import pytest
from kept_home import KeptHome
from typer.testing import CliRunner

from pipelines.backup.errors import BackupError
from pipelines.backup.restore import verify
from pipelines.backup.store import FORMAT, Backup, Store
from pipelines.cli import app
from pipelines.ingest.manifest import Manifest
from pipelines.terminal import console

# Dies before its n-th move: of a content to its place, and last of the list of files; or of a new home to its place.
DYING = """
import os, signal, sys
from pathlib import Path
from pipelines.backup.restore import restore
from pipelines.backup.take import take_backup
from pipelines.settings import Settings
deed, company, home, target, left = sys.argv[1], *map(Path, sys.argv[2:5]), int(sys.argv[5])
def die(event, args):
    global left
    if event == "os.rename":
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(die)
settings = Settings.from_env({}, company=company, home=home)
{"restore": restore, "back up": take_backup}[deed](settings, str(target), by="sue", reason="test")
"""


def die_doing(deed: str, home: KeptHome, folder: Path, move: int = 1) -> None:
    arguments = [sys.executable, "-c", DYING, deed, *map(str, (home.settings.company, folder, home.target, move))]
    done = subprocess.run(arguments, cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": "."})
    assert done.returncode == -signal.SIGKILL


@pytest.fixture
def c360():
    """Run a command and give back what it says."""

    def run(*arguments: object, exits: int = 0) -> str:
        with console.capture() as said:
            done = CliRunner().invoke(app, [str(a) for a in arguments])
        assert done.exit_code == exits, done
        return done.stdout + said.get()

    return run


@pytest.mark.parametrize("move", [1, 3])
def test_a_killed_backup_is_none_and_leaves_the_one_before_whole(home, move):
    first = home.back_up()
    home.parts.put("c_2024-05-03.csv", "k,v\n4,40\n")
    home.parts.land()  # new are the part and the state database: two contents, then the list
    die_doing("back up", home, home.settings.home, move)
    assert Store(str(home.target)).names() == [first.backup.name]
    assert verify(str(home.target)) == (first.backup, [])
    assert home.restore().home.is_dir()
    last = home.back_up()
    assert verify(str(home.target)) == (last.backup, [])
    assert list(home.target.glob("drafts/*")) == []


def test_a_killed_restore_makes_no_home_and_the_next_one_takes_its_place(home):
    home.back_up()
    die_doing("restore", home, home.folder / "new")
    assert not (home.folder / "new").exists()
    home.restore()
    assert sorted(p.name for p in home.folder.iterdir()) == ["home", "kept", "new", "shop"]


@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_damaged_content_is_named_and_no_home_is_made_of_it(home, damage):
    taken = home.back_up()
    [path] = [p for p in taken.backup.files if p.startswith("landing/d/arrived=2024-05-02/")]
    content = home.object_of(taken, path)
    content.write_bytes(content.read_bytes()[::-1]) if damage == "changed" else content.unlink()
    assert verify(str(home.target))[1] == [path]
    with pytest.raises(BackupError, match=f"{path} of backup {taken.backup.name} is not what was backed up"):
        home.restore()
    assert sorted(p.name for p in home.folder.iterdir()) == ["home", "kept", "shop"], "nothing is left behind"


def test_what_is_missing_at_the_target_is_copied_again_by_the_next_backup(home):
    taken = home.back_up()
    home.object_of(taken, "published/customer360.duckdb").unlink()
    home.back_up()
    assert verify(str(home.target))[1] == []


def test_the_last_backup_taken_is_the_latest_also_by_a_clock_that_was_put_back(home):
    Store(str(home.target)).write(Backup("shop", "2999-01-01T00:00:00.000000", None))
    taken = home.back_up(keep=1)
    assert Store(str(home.target)).names() == [taken.backup.name]


def test_a_list_that_was_changed_is_refused(home):
    taken = home.back_up()
    file = home.target / "backups" / f"{taken.backup.name}.json"
    file.write_text(file.read_text().replace('"shop"', '"shoe"'), encoding="utf-8")
    with pytest.raises(BackupError, match="is not what was written"):
        home.restore()


def test_a_backup_of_a_later_release_is_refused(home):
    taken = home.back_up()
    told = json.loads((home.target / "backups" / f"{taken.backup.name}.json").read_text())
    text = json.dumps({**told, "format": FORMAT + 1, "more": "than we know"})
    name = f"9999-{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    (home.target / "backups" / f"{name}.json").write_text(text, encoding="utf-8")
    with pytest.raises(BackupError, match=f"has format {FORMAT + 1}, this release reads up to {FORMAT}"):
        home.restore()
    assert home.restore(name=taken.backup.name).home.is_dir()


def test_a_home_with_something_in_it_is_left_as_it_is(home):
    home.back_up()
    (home.folder / "new").mkdir()
    (home.folder / "new" / "mine").touch()
    with pytest.raises(BackupError, match="is not empty"):
        home.restore()
    assert [p.name for p in (home.folder / "new").iterdir()] == ["mine"]


def test_two_companies_do_not_share_a_target(home, tmp_path):
    home.back_up()
    other = KeptHome(tmp_path / "other")
    other.settings.company.rename(other.settings.company.with_name("another"))
    object.__setattr__(other.settings, "company", other.settings.company.with_name("another"))
    other.target = home.target
    with pytest.raises(BackupError, match="has backups of company shop"):
        other.back_up()


def test_where_nothing_has_run_there_is_nothing_to_back_up(home):
    object.__setattr__(home.settings, "home", home.folder / "nowhere")
    with pytest.raises(BackupError, match="nothing has run here"):
        home.back_up()


def test_the_masking_key_is_in_no_backup_and_a_restore_without_it_says_so(home, c360):
    key = home.folder / "key"
    taken = home.back_up(key_to=key)
    secret = (home.settings.private / "key").read_bytes()
    assert key.read_bytes() == secret
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert not any(secret in file.read_bytes() for file in home.target.rglob("*") if file.is_file())
    assert "every token changes" in c360("restore", home.target, "--home", home.folder / "bare")
    assert "token" not in c360("restore", home.target, "--home", home.folder / "full", "--key-from", key)
    assert (home.folder / "full" / "private" / "key").read_bytes() == secret
    with pytest.raises(BackupError, match=f"is not the one of backup {taken.backup.name}"):
        home.restore(key=b"another key, as long as the first")


def test_the_key_goes_neither_over_a_file_nor_beside_the_backup(home):
    own, beside = home.settings.private / "key", home.target / "key"
    for file, said in ((own, "never overwritten"), (beside, "keep the key apart")):
        with pytest.raises(BackupError, match=said):
            home.back_up(key_to=file)
    assert Store(str(home.target)).names() == []


def test_the_command_takes_lists_and_verifies(home, c360):
    taken = c360("backup", home.target, "--company", home.settings.company, "--home", home.settings.home)
    [name] = c360("backup", "list", home.target).split()
    assert taken.startswith(f"{name}: ")
    assert "all as they were written" in c360("backup", "verify", home.target)
    next(home.target.glob("objects/*/*")).unlink()
    assert "not what was backed up" in c360("backup", "verify", home.target, exits=1)


def test_backups_taken_while_parts_are_replaced_hold_every_part_they_know(home):
    ends, landed = Event(), 0

    def correct() -> None:
        nonlocal landed
        while not ends.is_set() and landed < 12:
            landed += 1
            home.parts.put("a_2024-05-01.csv", f"k,v\n1,{landed}\n2,x\n")
            home.parts.land()

    writer = Thread(target=correct)
    writer.start()
    taken = []
    while writer.is_alive() and len(taken) < 6:
        taken.append(home.back_up())
    ends.set()
    writer.join()
    for n, one in enumerate(taken):
        new = home.restore(f"new{n}", name=one.backup.name)
        current = {(str(p.arrived_on), p.content_hash) for p in Manifest(new.state_url).current()}
        files = {(f.parent.name.removeprefix("arrived="), f.stem) for f in new.landing.glob("d/arrived=*/*.parquet")}
        assert current <= files
    assert landed > 1
