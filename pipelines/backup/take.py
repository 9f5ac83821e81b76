"""Taking a backup: what of a home cannot be made again from anywhere else, as it stood at one instant.

Nobody has to wait for it. Files of a home are written whole, under a name of their own or in place of another, in the
order state database, landing, build, published. They are read the other way round, so a backup never holds something
published without what it was built from: it is a home as a killed run might leave it, which the next run goes on from.

Put here: which files, and in which order. Keep out: how they are kept (store.py), the warehouse (it is built again).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from pipelines import audit
from pipelines.backup.errors import BackupError
from pipelines.backup.key_copy import check_of, key_in_use, write_key
from pipelines.backup.state_copy import copy_state_out
from pipelines.backup.store import Backup, File, Store
from pipelines.ingest.manifest import PARTS
from pipelines.publish.publish import PUBLISHED_NAME, STEWARD_NAME
from pipelines.scratch import name_scratch
from pipelines.settings import Settings
from pipelines.state import open_state, write_state

STATE = "state.db"
PASSES = 10  # each copies only what the one before did not; a second is needed where a part was replaced meanwhile


@dataclass(frozen=True)
class Taken:
    """A backup, and what of it was not at its target before."""

    backup: Backup
    copied: int
    copied_bytes: int
    forgotten: int  # backups


def take_backup(
    settings: Settings, target: str, *, by: str, reason: str, key_to: Path | None = None, keep: int | None = None
) -> Taken:
    """Back a home up, and enter it in the audit log.

    Args:
        target: a folder, or a URL fsspec knows; one per company, for all its backups.
        key_to: new file for the masking key, which is in no backup.
        keep: how many backups to leave at the target, this one among them; None: all.
    Raises:
        BackupError: there is nothing to take, the target is another company's, or parts were replaced all the time.
    """
    audit.refuse_empty(actor=by, reason=reason)
    _refuse_nothing(settings)
    store, key = Store(target), key_in_use(settings)
    with store.turn():
        last = store.read() if store.names() else None
        if last and last.company != settings.company.name:
            raise BackupError(f"{target}: has backups of company {last.company}; give {settings.company.name} its own")
        if key_to:
            _write_key(key, key_to, store)
        copy = _Copy(settings, store, last.files if last else {})
        taken_at, files = copy.settle()
        backup = Backup(settings.company.name, _after(last, taken_at), check_of(key), files)
        with write_state(open_state(settings.state_url, audit.METADATA)) as state:
            name = store.write(backup)
            audit.record(state, actor=by, action="backup", object=name, reason=reason)
        forgotten = store.names()[:-keep] if keep else []
        store.forget(forgotten)
        return Taken(store.read(name), copy.copied, copy.copied_bytes, len(forgotten))


class _ReplacedError(Exception):
    """A file went between the listing and the copy."""


class _Copy:
    """The files of one backup as they come together."""

    def __init__(self, settings: Settings, store: Store, before: dict[str, File]):
        """Args: before: files of the last backup; what has their size and time is not read again."""
        self._settings, self._store, self._before = settings, store, before
        self._files: dict[str, File] = {}
        self.copied = self.copied_bytes = 0

    def settle(self) -> tuple[datetime, dict[str, File]]:
        """Copy until nothing that was copied was replaced meanwhile; when the state was read, and the files."""
        for _ in range(PASSES):
            self._before |= self._files
            self._files = {}
            taken_at = datetime.now(UTC).replace(tzinfo=None)
            try:
                if self._pass():
                    return taken_at, self._files
            except _ReplacedError:
                pass
        raise BackupError(
            f"{self._settings.home}: parts were replaced or withdrawn during each of {PASSES} passes; take the backup "
            "when nothing lands, or as job `backup`, which waits its turn"
        )

    def _pass(self) -> bool:
        """Copy everything once; whether every part the copied state knows is still what it was."""
        for path, file in built_files(self._settings):
            self._keep(path, file)
        scratch = self._settings.home / "tmp"
        scratch.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=scratch, prefix=name_scratch()) as folder:
            state = Path(folder) / STATE
            copy_state_out(self._settings.state_url, state)
            self._keep(STATE, state)
            for path, file in landed_files(self._settings):
                self._keep(path, file)
            return _live_parts(f"sqlite:///{state}") <= _live_parts(self._settings.state_url)

    def _keep(self, path: str, file: Path) -> None:
        try:
            opened = file.open("rb")
        except FileNotFoundError as fault:
            raise _ReplacedError from fault
        with opened as source:
            status = os.fstat(source.fileno())
            known = self._before.get(path)
            if known and known.is_same(status) and self._store.holds(known.sha256):
                self._files[path] = known
                return
            sha256, is_new = self._store.put(source)
        self._files[path] = File(sha256, status.st_size, status.st_mtime_ns)
        self.copied += is_new
        self.copied_bytes += status.st_size * is_new


def built_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """(path in the backup, file) of what builds keep and people declared, in the order in which it is to be read."""
    home = settings.home
    single = (settings.published.parent / PUBLISHED_NAME, settings.private / STEWARD_NAME)
    for file in (*single, home / "alerts.jsonl", settings.dagster_home / "dagster.yaml"):
        if file.exists():
            yield str(file.relative_to(home)), file
    for folder in (settings.released, settings.identity_model):
        yield from _below(folder, folder.name)
    yield from _below(settings.company, f"company/{settings.company.name}")


def landed_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    """(path in the backup, file) of all parts: landed, quarantined, replaced, and the raw text that is kept of them."""
    for folder in (settings.landing, settings.quarantine):
        yield from _below(folder, folder.name)


def _below(folder: Path, name: str) -> Iterator[tuple[str, Path]]:
    """Files of a folder but hidden ones, which are not finished, or not ours."""
    for file in sorted(folder.rglob("*")):
        place = file.relative_to(folder)
        if not any(part.startswith((".", "__")) for part in place.parts) and file.is_file():
            yield f"{name}/{place.as_posix()}", file


def _live_parts(url: str) -> set[tuple[int, str]]:
    """Parts that have files of their own: (part_seq, state)."""
    engine = open_state(url, PARTS.metadata)
    with engine.connect() as state:
        found = state.execute(sa.select(PARTS.c.part_seq, PARTS.c.state).where(PARTS.c.state.in_(("current", "held"))))
        return {tuple(row) for row in found}


def _after(last: Backup | None, taken_at: datetime) -> str:
    """The moment as ISO, later than the last backup's: the latest is the last one taken, also by a clock put back."""
    if last:
        taken_at = max(taken_at, datetime.fromisoformat(last.taken_at) + timedelta(microseconds=1))
    return taken_at.isoformat(timespec="microseconds")


def _write_key(key: bytes | None, file: Path, store: Store) -> None:
    if key is None:
        raise BackupError(f"{file}: the home has no masking key yet; the first run makes it")
    if store.folder and file.resolve().is_relative_to(store.folder.resolve()):
        raise BackupError(f"{file}: lies in the target; whoever has both can read tokens back, so keep the key apart")
    write_key(key, file)


def _refuse_nothing(settings: Settings) -> None:
    url = sa.make_url(settings.state_url)
    if not settings.home.is_dir() or (url.get_backend_name() == "sqlite" and not Path(url.database).is_file()):
        raise BackupError(f"{settings.home}: nothing has run here, so there is nothing to back up; `c360 run` first")
