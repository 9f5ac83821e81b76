"""The small warehouse, built by dbt and published once for all tests of this folder.

Put here: the published home. Keep out: rows (support/small_warehouse.py).
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from support.small_warehouse import built_home

from pipelines.publish.publish import publish


@pytest.fixture(scope="session")
def published_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("published_home")
    for name in ("warehouse.duckdb", "c360_marts.duckdb"):
        shutil.copyfile(built_home(tmp_path_factory.getbasetemp()) / name, home / name)
    publish(*(home / n for n in ("warehouse.duckdb", "c360_marts.duckdb", "published", "private", "released")))
    return home
