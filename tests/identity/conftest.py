"""Fixtures of the identity suites: a warehouse file of a few rows, and configurations."""

from __future__ import annotations

import pytest
import yaml
from identity_warehouse import TERMS, Warehouse
from steward import Steward

from identity.config import load_config


@pytest.fixture
def warehouse(tmp_path):
    found = Warehouse(tmp_path / "warehouse.duckdb")
    yield found
    found.con.close()


@pytest.fixture
def steward():
    found = Steward()
    yield found
    found.close()


@pytest.fixture
def configure(tmp_path):
    """Write identity.yml and read it: configure(stitching={"forward_days": 30})."""

    def write(**sections):
        file = tmp_path / "identity.yml"
        file.write_text(yaml.safe_dump(sections), encoding="utf-8")
        return load_config(file, TERMS)

    return write
