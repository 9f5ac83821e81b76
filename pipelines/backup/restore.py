"""Making a home out of a backup: all of it or nothing, in a place where there is none.

Put here: writing the files, checked, and what makes them a home. Keep out: building it (`c360 run`).
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pipelines import audit
from pipelines.backup.errors import BackupError
from pipelines.backup.key_copy import check_of, write_key
from pipelines.backup.seed import seed_marts, seed_warehouse
from pipelines.backup.state_copy import copy_state_in
from pipelines.backup.store import Backup, Store
from pipelines.backup.take import STATE
from pipelines.publish.publish import PUBLISHED_NAME, STEWARD_NAME
from pipelines.settings import Settings
from pipelines.state import open_state, write_state


@dataclass(frozen=True)
class Restored:
    """A home that was made, and the company folder in it."""

    backup: Backup
    company: Path


def restore(
    settings: Settings, source: str, *, by: str, reason: str, name: str | None = None, key: bytes | None = None
) -> Restored:
    """Make the home of `settings` out of a backup, and enter it in the home's audit log.

    Args:
        source: the target of the backup.
        name: which backup; None: the latest.
        key: the masking key; None: the environment has it, or there will be a new one.
    Raises:
        BackupError: the home is not empty, a file is not what was backed up, the key is another, or the backup is of
            a later release. Nothing is left behind.
    """
    audit.refuse_empty(actor=by, reason=reason)
    home, store = settings.home, Store(source)
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise BackupError(f"{home}: is not empty; restore into a folder of its own, and put it in place afterwards")
    backup = store.read(name)
    if key and check_of(key) != backup.key_check:
        raise BackupError(
            f"{source}: this key (check {check_of(key)}) is not the one of backup {backup.name} (check "
            f"{backup.key_check}); give the file `--key-to` wrote, or no key for new tokens"
        )
    home.parent.mkdir(parents=True, exist_ok=True)
    draft = home.with_name(f".{home.name}.restoring")
    shutil.rmtree(draft, ignore_errors=True)  # of one that was killed
    mask = os.umask(0o077)
    try:
        draft.mkdir()
        _write_files(store, backup, draft)
        _make_home(settings, draft, key)
        _enter(settings, draft, by, reason, backup.name)
        draft.chmod(0o711)  # others may pass through to published/, and see nothing else
        draft.replace(home)
    finally:
        os.umask(mask)
        shutil.rmtree(draft, ignore_errors=True)
    return Restored(backup, home / "company" / backup.company)


def verify(source: str, name: str | None = None) -> tuple[Backup, list[str]]:
    """A backup, the latest where none is named, and its files whose content is missing or not what was written."""
    store = Store(source)
    backup = store.read(name)
    whole = {sha256: store.fetch(sha256) for sha256 in {file.sha256 for file in backup.files.values()}}
    return backup, sorted(path for path, file in backup.files.items() if not whole[file.sha256])


def _write_files(store: Store, backup: Backup, draft: Path) -> None:
    for path, file in backup.files.items():
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise BackupError(f"{store.target}: backup {backup.name} names {path}, which is outside of a home")
        place = draft / path
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("wb") as out:
            whole = store.fetch(file.sha256, out)
        if not whole:
            raise BackupError(
                f"{store.target}: {path} of backup {backup.name} is not what was backed up (sha256 {file.sha256}); "
                "`c360 backup verify` lists all such files; restore another backup with --backup"
            )
        os.utime(place, ns=(file.modified_ns, file.modified_ns))


def _make_home(settings: Settings, draft: Path, key: bytes | None) -> None:
    published, steward = draft / "published" / PUBLISHED_NAME, draft / "private" / STEWARD_NAME
    seed_marts(published, draft / settings.marts.name)
    seed_warehouse(steward, draft / settings.warehouse.name)
    if published.exists():
        published.parent.chmod(0o755)
        published.chmod(0o644)
    if key:
        (draft / "private").mkdir(exist_ok=True)
        write_key(key, draft / "private" / "key")


def _enter(settings: Settings, draft: Path, by: str, reason: str, name: str) -> None:
    """The state database where the home will look for it, with the entry of this restore."""
    url = f"sqlite:///{draft / STATE}"
    if settings.state_url != f"sqlite:///{settings.home / STATE}":
        copy_state_in(draft / STATE, settings.state_url)
        (draft / STATE).unlink()
        url = settings.state_url
    with write_state(open_state(url, audit.METADATA)) as state:
        audit.record(state, actor=by, action="restore", object=name, reason=reason)
