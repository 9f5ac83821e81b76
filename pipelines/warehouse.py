"""The one way Python opens the warehouse.

Put here: the connection and its settings. Keep out: SQL of any table.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from pipelines.publish.publish import prepare_marts
from pipelines.settings import Settings
from quality.storage import CHECKPOINT_THRESHOLD


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open warehouse.duckdb for writing, with the marts file attached as `m`; closed on leaving.

    The caller must hold the writer pool: DuckDB lets one process in at a time.
    """
    prepare_marts(settings.marts)
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("set autoinstall_known_extensions = false")
        connection.execute("set timezone = 'UTC'")
        connection.execute(f"set threads = {settings.threads}")
        connection.execute(f"set memory_limit = '{settings.memory_limit}'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(f"set checkpoint_threshold = '{CHECKPOINT_THRESHOLD}'")
        connection.execute(f"set temp_directory = '{settings.home / 'tmp'}'")
        connection.execute(f"attach '{settings.marts}' as m")
        yield connection
