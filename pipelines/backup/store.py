"""Where backups are kept: every content once, under its SHA-256, and a list of files per backup.

    <target>/objects/<first 2 digits>/<sha256>      the bytes of a file, never changed
    <target>/backups/<taken at>-<digits>.json       the files of one backup; written last, so without it there is none

The digits are of the list's own SHA-256: a list that was changed is known by its name.

Put here: reading and writing that layout, on any file system fsspec knows. Keep out: which files (take.py, restore.py).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import fsspec

from pipelines.backup.errors import BackupError

FORMAT = 1  # of the lists; a higher one was written by a later release
CHUNK = 1 << 20
DIGITS = 16


@dataclass(frozen=True)
class File:
    """One file of a backup: its content, and by what it is known unchanged without reading it."""

    sha256: str
    bytes: int
    modified_ns: int

    def is_same(self, status: os.stat_result) -> bool:
        """Whether a file of this size and time is this one: what we keep is written whole, never changed in place."""
        return (self.bytes, self.modified_ns) == (status.st_size, status.st_mtime_ns)


@dataclass(frozen=True)
class Backup:
    """One backup: what it says of the home, and its files by their path in it."""

    company: str
    taken_at: str  # ISO, UTC
    key_check: str | None  # of the masking key (key_copy.py)
    files: dict[str, File] = field(default_factory=dict)
    format: int = FORMAT
    name: str = ""

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files.values())


class Store:
    """One target. Contents are only ever added, so what is killed leaves backups made before as they were."""

    def __init__(self, target: str):
        """Args: target: a folder, or a URL of a file system fsspec knows."""
        self.target = target
        self._fs, self._root = fsspec.core.url_to_fs(target, auto_mkdir=True)
        self._known: set[str] | None = None

    @property
    def folder(self) -> Path | None:
        """The target, where it is a folder of this machine."""
        return Path(self._root) if "file" in _protocols(self._fs) else None

    def names(self) -> list[str]:
        """Of the backups that are whole, oldest first."""
        found = self._fs.glob(f"{self._root}/backups/*.json")
        return sorted(path.rpartition("/")[2].removesuffix(".json") for path in found)

    def read(self, name: str | None = None) -> Backup:
        """A backup; the latest where no name is given.

        Raises:
            BackupError: there is none, its list was changed, or a later release wrote it.
        """
        names = self.names()
        if not names or (name is not None and name not in names):
            seen = f"{len(names)} backups there" + (f", the latest is {names[-1]}" if names else "")
            asked = f"no backup {name}" if name else "no backup"
            raise BackupError(f"{self.target}: {asked}; {seen}; `c360 backup TARGET` takes one")
        name = name or names[-1]
        text = self._fs.cat_file(f"{self._root}/backups/{name}.json")
        if hashlib.sha256(text).hexdigest()[:DIGITS] != name.rpartition("-")[2]:
            raise BackupError(f"{self.target}: the list of backup {name} is not what was written; take another backup")
        told: dict[str, Any] = json.loads(text)
        if told["format"] > FORMAT:
            raise BackupError(
                f"{self.target}: backup {name} has format {told['format']}, this release reads up to {FORMAT}; "
                "restore it with the release that took it, or a later one"
            )
        return Backup(**{**told, "files": {path: File(**facts) for path, facts in told["files"].items()}, "name": name})

    def write(self, backup: Backup) -> str:
        """Let a backup count, its contents being there; returns its name."""
        told = asdict(backup)
        told.pop("name")
        text = json.dumps(told, indent=1, sort_keys=True).encode()
        name = f"{backup.taken_at.replace(':', '')}-{hashlib.sha256(text).hexdigest()[:DIGITS]}"
        draft = self._draft()
        with self._fs.open(draft, "wb") as out:
            out.write(text)
            self._flush(out)
        self._fs.mv(draft, f"{self._root}/backups/{name}.json")
        return name

    def put(self, source: BinaryIO) -> tuple[str, bool]:
        """Keep the content of an open file; its SHA-256, and whether it was not there before."""
        draft, digest = self._draft(), hashlib.sha256()
        with self._fs.open(draft, "wb") as out:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                out.write(chunk)
            self._flush(out)
        sha256 = digest.hexdigest()
        is_new = not self.holds(sha256)
        if is_new:
            self._fs.mv(draft, self._object(sha256))
            self._contents().add(sha256)
        else:
            self._fs.rm_file(draft)
        return sha256, is_new

    def fetch(self, sha256: str, out: BinaryIO | None = None) -> bool:
        """Write a content to `out`, or only read it; whether it is there and what it was."""
        digest = hashlib.sha256()
        try:
            with self._fs.open(self._object(sha256), "rb") as kept:
                while chunk := kept.read(CHUNK):
                    digest.update(chunk)
                    if out:
                        out.write(chunk)
        except FileNotFoundError:
            return False
        return digest.hexdigest() == sha256

    def holds(self, sha256: str) -> bool:
        return sha256 in self._contents()

    def forget(self, names: Iterable[str]) -> int:
        """Remove backups, and the contents no other backup has; the number of contents removed."""
        for name in names:
            self._fs.rm_file(f"{self._root}/backups/{name}.json")
        wanted = {file.sha256 for name in self.names() for file in self.read(name).files.values()}
        gone = self._contents() - wanted
        for sha256 in gone:
            self._fs.rm_file(self._object(sha256))
        self._known = None
        return len(gone)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Keep other backups to this target waiting, where it is a folder, and remove what killed ones left.

        Elsewhere nothing keeps two apart: they must not run at once.
        """
        lock, mask = None, os.umask(0o077)  # contents are raw personal data
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.folder, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            self._clear_drafts()
            self._known = None
            yield
        finally:
            self._clear_drafts()  # on a full disk, too
            os.umask(mask)
            if lock is not None:
                os.close(lock)

    def _clear_drafts(self) -> None:
        for draft in self._fs.glob(f"{self._root}/drafts/*"):
            self._fs.rm_file(draft)

    def _contents(self) -> set[str]:
        if self._known is None:
            self._known = {path.rpartition("/")[2] for path in self._fs.glob(f"{self._root}/objects/*/*")}
        return self._known

    def _object(self, sha256: str) -> str:
        return f"{self._root}/objects/{sha256[:2]}/{sha256}"

    def _draft(self) -> str:
        return f"{self._root}/drafts/{uuid.uuid4().hex}"

    def _flush(self, out: BinaryIO) -> None:
        """Onto the disk before it counts, where it is a disk."""
        out.flush()
        if self.folder:
            os.fsync(out.fileno())


def _protocols(fs: fsspec.AbstractFileSystem) -> tuple[str, ...]:
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)
