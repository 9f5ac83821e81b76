"""The one way commands read the last build: the published file or the steward's, beside a database in memory.

Put here: opening it. Keep out: what is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from identity.engine import DuckDBEngine
from pipelines.publish.publish import STEWARD_NAME, PublishError
from pipelines.settings import Settings
from quality.storage import opening


@contextmanager
def open_last_build(settings: Settings) -> Iterator[DuckDBEngine]:
    """The steward's file, read only, as the current database.

    Raises:
        PublishError: nothing is published yet.
    """
    with _open(settings, settings.private / STEWARD_NAME) as connection:
        yield DuckDBEngine(connection)


@contextmanager
def open_published(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file, read only, as the current database: masked, so what a command tells of it may be passed on.

    Raises:
        PublishError: nothing is published yet.
    """
    with _open(settings, settings.published) as connection:
        yield connection


@contextmanager
def _open(settings: Settings, file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Attached, not opened: a connection to a read-only file allows no database in memory to work things out in."""
    if not file.is_file():
        raise PublishError(f"{file}: nothing is published yet; run `c360 run` first")
    limits = {"threads": settings.threads, "memory_limit": settings.memory_limit}
    with duckdb.connect(config={**opening(), **limits}) as connection:
        connection.execute(f"set temp_directory = '{settings.home / 'tmp'}'")
        connection.execute(f"attach '{file}' as last_build (read_only)")
        connection.execute("use last_build")
        yield connection
