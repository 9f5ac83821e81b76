"""What a source looks like from outside, to see that something came without reading it.

Put here: a fingerprint of a source that is cheap enough to take every few seconds.
Keep out: reading (read_*.py), what is due (land.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pipelines.ingest import read_sql
from pipelines.ingest.errors import LandingError
from pipelines.ingest.files import find_files
from quality.contract import Contract


def glance(contract: Contract, env: Mapping[str, str]) -> str | None:
    """A text that changes when something new is there to land.

    Of files it is their names, sizes and times; of a table the highest cursor, which an index answers, or without a
    cursor the number of rows. What a database changes below its highest cursor waits for the nightly landing.

    Returns:
        None where the source cannot be looked at, now or at all: landing says why.
    Raises:
        ContractError: an environment variable of the location is not set.
    """
    if contract.server.kind == "sql":
        try:
            return read_sql.peek(contract, env)
        except LandingError:
            return None
    if contract.server.kind != "file":
        return None
    seen = hashlib.md5()
    for file in find_files(contract, env):
        try:
            status = file.path.stat()
        except FileNotFoundError:
            continue  # taken away meanwhile
        seen.update(f"{file.uri}|{status.st_size}|{status.st_mtime_ns}\n".encode())
    return seen.hexdigest()
