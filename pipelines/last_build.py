"""The one way commands read the last build: the steward's file, beside a database in memory for what they work out.

Put here: opening it. Keep out: what is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from identity.engine import DuckDBEngine
from pipelines.publish.publish import OFFLINE, STEWARD_NAME, PublishError
from pipelines.settings import Settings


@contextmanager
def open_last_build(settings: Settings) -> Iterator[DuckDBEngine]:
    """The steward's file, read only, as the current database.

    It is attached, not opened: a connection to a read-only file allows no database in memory, which scoring needs.

    Raises:
        PublishError: nothing is published yet.
    """
    file = settings.private / STEWARD_NAME
    if not file.is_file():
        raise PublishError(f"{file}: nothing is published yet; run `c360 run` first")
    limits = {"threads": settings.threads, "memory_limit": settings.memory_limit}
    with duckdb.connect(config={**OFFLINE, **limits}) as connection:
        connection.execute(f"set temp_directory = '{settings.home / 'tmp'}'")
        connection.execute(f"attach '{file}' as last_build (read_only)")
        connection.execute("use last_build")
        yield DuckDBEngine(connection)
