"""The secret that turns personal data into tokens.

Put here: where the key comes from, and its two pads for HMAC in SQL.
Keep out: what is masked (dbt_project/macros/mask.sql).
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

BLOCK_BYTES = 64  # of SHA-256
KEY_BYTES = 32


class KeyFault(ValueError):
    """The key cannot be used. The message names the variable or file, never the key."""


def find_key(home: Path, env: Mapping[str, str] = os.environ) -> bytes:
    """The company's key: `C360_PII_KEY` (the key itself), else the file `C360_PII_KEY_FILE`, else
    `<home>/private/key`, made on first use (file 0600, folder 0700).

    Raises:
        KeyFault: the variable is empty, or the file is missing, empty or readable by others.
    """
    if "C360_PII_KEY" in env:
        return _checked(env["C360_PII_KEY"].encode(), "environment variable C360_PII_KEY")
    if "C360_PII_KEY_FILE" in env:
        return _read(Path(env["C360_PII_KEY_FILE"]))
    file = home / "private" / "key"
    if not file.exists():
        make_key(file)
    return _read(file)


def make_key(file: Path) -> None:
    """Write a new random key, unless another process just did. The file appears whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.parent.chmod(0o700)
    draft = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(secrets.token_hex(KEY_BYTES))
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def hmac_pads(key: bytes) -> tuple[bytes, bytes]:
    """The inner and outer key pad of HMAC-SHA256, 64 bytes each.

    Source: RFC 2104: H(K xor opad, H(K xor ipad, text)).
    """
    block = (hashlib.sha256(key).digest() if len(key) > BLOCK_BYTES else key).ljust(BLOCK_BYTES, b"\0")
    return bytes(b ^ 0x36 for b in block), bytes(b ^ 0x5C for b in block)


def _read(file: Path) -> bytes:
    if not file.is_file():
        raise KeyFault(f"{file}: no key there; put the key in it, or unset C360_PII_KEY_FILE to have one made")
    if file.stat().st_mode & 0o077:
        raise KeyFault(f"{file}: mode {file.stat().st_mode & 0o777:o} lets others read the key; run chmod 600 on it")
    return _checked(file.read_bytes().strip(), str(file))


def _checked(key: bytes, where: str) -> bytes:
    if len(key) < KEY_BYTES:
        raise KeyFault(f"{where}: a key of {len(key)} bytes; at least {KEY_BYTES} are needed: `openssl rand -hex 32`")
    return key
