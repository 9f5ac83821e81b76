"""One warehouse, parsed once, for every test of the journey models."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from warehouse import JourneyWarehouse


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> JourneyWarehouse:
    # a few thousand interactions are built in several ranges of customers, as millions are
    return JourneyWarehouse(tmp_path_factory.mktemp("journeys") / "root", interactions_per_range=1000)
