"""The masking key, apart from every backup: whoever has both can read tokens back into people.

Put here: writing it to a file of its own, knowing it again. Keep out: what it does (pipelines/publish/key.py).
"""

from __future__ import annotations

import hashlib
import hmac
import os
from pathlib import Path

from pipelines.backup.errors import BackupError
from pipelines.publish.key import find_key
from pipelines.settings import Settings


def key_in_use(settings: Settings) -> bytes | None:
    """The key the home masks with; None where it has none yet."""
    given = settings.environ.keys() & {"C360_PII_KEY", "C360_PII_KEY_FILE"}
    if given or (settings.private / "key").exists():
        return find_key(settings.home, settings.environ)
    return None


def check_of(key: bytes | None) -> str | None:
    """Digits by which a key is known again, and nothing of it is known."""
    return hmac.digest(key, b"customer 360 backup", hashlib.sha256).hex()[:16] if key else None


def write_key(key: bytes, file: Path) -> None:
    """Write it to a new file only its owner can read.

    Raises:
        BackupError: the file is there already.
    """
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as fault:
        raise BackupError(f"{file}: is there already, and a key is never overwritten; name another file") from fault
    except FileNotFoundError as fault:
        raise BackupError(f"{file.parent}: no such folder for the key; make it first") from fault
    with os.fdopen(handle, "wb") as out:
        out.write(key)
        out.flush()
        os.fsync(out.fileno())
