"""The small warehouse, built once for all tests of the dbt package.

Put here: the built home folder and a reader of it. Keep out: rows (support/small_warehouse.py).
Tests that look at it, here and in tests/publish, are one group and run on one worker.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from support.small_warehouse import built_home


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_home(tmp_path_factory.getbasetemp())


@pytest.fixture
def rows(home: Path) -> Callable[[str], list[tuple]]:
    """Run a query on the marts file, read-only."""

    def fetch(query: str) -> list[tuple]:
        with duckdb.connect(str(home / "c360_marts.duckdb"), read_only=True) as connection:
            return connection.execute(query).fetchall()

    return fetch
