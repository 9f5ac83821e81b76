"""Files of the home: content hashes, and moves a crash cannot tear.

Put here: what touches the disk without knowing rows. Keep out: Parquet (stage.py), the manifest.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from pipelines.ingest.manifest import Part

KEPT = ".raw"  # beside a quarantine part: the raw text it is landed again from (kept.py)


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


def open_work(landing: Path, dataset: str) -> tuple[Path, int]:
    """A new folder for one landing, locked as long as the descriptor is open; the caller closes and removes it."""
    work = Path(tempfile.mkdtemp(dir=landing, prefix=f".tmp-{dataset}-"))
    descriptor = os.open(work, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return work, descriptor


def clear_remains(landing: Path, quarantine: Path, dataset: str, parts: Sequence[Part]) -> None:
    """Remove what a killed landing of this dataset left: its working folder, files the manifest never knew, and
    replaced or withdrawn parts still in the readers' sight. The next part would take the number of an unknown one.
    The raw text of parts that cannot be landed again any more goes, too.

    Args:
        parts: all of the dataset, oldest first, while no other writer is at work.
    """
    for work in landing.glob(f".tmp-{dataset}-*"):
        descriptor = os.open(work, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(work, ignore_errors=True)
        except BlockingIOError:
            pass  # its process lives
        finally:
            os.close(descriptor)
    latest = {(f"arrived={p.arrived_on}", p.content_hash): p for p in parts}
    for folder in (landing, quarantine):
        for file in (*folder.glob(f"{dataset}/arrived=*/*.parquet"), *folder.glob(f"{dataset}/arrived=*/*{KEPT}")):
            part = latest.get((file.parent.name, file.stem))
            if part is None or (file.suffix == KEPT and part.state not in ("current", "held")):
                file.unlink()
            elif folder == landing and part.state != "current":
                retire(landing, part, part.state)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
