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
from pipelines.ingest.outage import PATIENCE, TIMEOUT
from quality.contract import Contract


def glance(contract: Contract, env: Mapping[str, str]) -> str | None:
    """A text that changes when something new is there to land.

    Of files it is their names, sizes and times, of objects their versions. Of a table it is the highest cursor, which
    an index answers, or without a cursor the number of rows: what a database changes below its highest cursor waits for
    the nightly landing.

    Returns:
        None where the source cannot be looked at, now or at all: landing says why.
    Raises:
        ContractError: an environment variable of the location is not set.
    """
    env = {**env, PATIENCE: "0", TIMEOUT: "5"}  # the next look follows in seconds
    try:
        if contract.server.kind == "sql":
            return read_sql.peek(contract, env)
        return _glance_at_files(contract, env) if contract.server.kind == "file" else None
    except LandingError:
        # A database that is out starts nothing; an object storage is landed once when it goes, which tells its owner.
        return None if contract.server.kind == "sql" else "out"


def _glance_at_files(contract: Contract, env: Mapping[str, str]) -> str:
    seen = hashlib.md5()
    for file in find_files(contract, env):
        if look := file.look():  # none: taken away meanwhile
            seen.update(f"{file.uri}|{look}\n".encode())
    return seen.hexdigest()
