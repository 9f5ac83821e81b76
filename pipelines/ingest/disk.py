"""Files of the home: content hashes, and moves a crash cannot tear.

Put here: what touches the disk without knowing rows. Keep out: Parquet (stage.py), the manifest.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from pipelines.ingest.manifest import Part


def hash_file(file: Path) -> str:
    """32 hex digits of the bytes of a file."""
    with file.open("rb") as source:
        return hashlib.file_digest(source, lambda: hashlib.blake2b(digest_size=16)).hexdigest()


def move_into_place(file: Path, place: Path) -> None:
    """Move a finished file to its place, whole or not at all, also when the machine stops."""
    place.parent.mkdir(parents=True, exist_ok=True)
    _sync(file)
    file.replace(place)
    _sync(place.parent)


def retire(landing: Path, part: Part, state: str) -> None:
    """Take the Parquet of a part that is no longer current out of `*.parquet`, keeping it beside."""
    file = landing / part.dataset / f"arrived={part.arrived_on}" / f"{part.content_hash}.parquet"
    with suppress(FileNotFoundError):
        file.replace(file.with_suffix(f".parquet.{state}"))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
