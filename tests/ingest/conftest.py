"""Fixtures of all ingest tests: a home of its own for each, one PostgreSQL server for all.

Put here: fixtures. Keep out: what a home can do (support/ingest_home.py).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.ingest_home import Home
from support.postgres import run_postgres


@pytest.fixture
def home(tmp_path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with run_postgres() as url:
        yield url
