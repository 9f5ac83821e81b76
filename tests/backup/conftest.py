"""A home to back up, made once and copied for each test.

Put here: fixtures. Keep out: how the home is made (kept_home.py).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "identity"))

from kept_home import KeptHome


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two parts, a broken cell, and two builds: in the second a record came to the one there was."""
    folder = tmp_path_factory.mktemp("kept_home")
    found = KeptHome(folder)
    found.build("1", at="2024-05-03")
    found.build("2", at="2024-05-04")
    return folder


@pytest.fixture
def home(made_once, tmp_path) -> KeptHome:
    """A copy of its own of that home."""
    shutil.copytree(made_once, tmp_path, dirs_exist_ok=True)
    return KeptHome(tmp_path)
