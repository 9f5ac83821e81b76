"""Pythons of their own, for what must not share an environment with us.

Put here: those environments. Keep out: what is run in them.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
OLD_CLIENT = "duckdb==1.4.*"  # the oldest client we promise to


def find_old_python() -> Path:
    """Python with the oldest DuckDB client."""
    return _find("duckdb-1.4", OLD_CLIENT, "import duckdb; assert duckdb.__version__.startswith('1.4.')")


def find_pm4py_python() -> Path:
    """Python with PM4Py, as the extra pins it. It is AGPL, and lxml, which it brings, changes how openpyxl writes."""
    declared = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    [pinned] = declared["project"]["optional-dependencies"]["pm4py"]
    version = pinned.partition("==")[2]
    return _find("pm4py", pinned, f"from importlib.metadata import version; assert version('pm4py') == '{version}'")


def _find(name: str, requirement: str, probe: str) -> Path:
    """Its Python, made once and kept under .bench/; the calling test skips where it cannot be made."""
    folder = REPOSITORY / ".bench" / name
    python = folder / "bin" / "python"
    if python.exists() and subprocess.run([str(python), "-c", probe], capture_output=True, check=False).returncode == 0:
        return python
    uv = Path(sys.executable).parent / "uv"
    if not uv.exists():
        pytest.skip(f"no uv beside this Python, so no environment for {requirement}; run `make setup`")
    for command in (
        ["venv", "--clear", "--python", sys.executable, str(folder)],
        ["pip", "install", "--python", str(python), requirement],
    ):
        ran = subprocess.run([str(uv), *command], capture_output=True, text=True, check=False)
        if ran.returncode:
            pytest.skip(f"no environment with {requirement}, probably no registry: {ran.stderr.strip()[-200:]}")
    return python
