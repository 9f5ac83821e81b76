"""A Python of its own with the oldest DuckDB client we promise to.

Put here: that environment. Keep out: what is read with it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

OLD_CLIENT = "duckdb==1.4.*"
FOLDER = Path(__file__).resolve().parents[2] / ".bench" / "duckdb-1.4"


def find_old_python() -> Path:
    """Its Python, made once and kept under .bench/; the calling test skips where it cannot be made."""
    python = FOLDER / "bin" / "python"
    probe = [str(python), "-c", "import duckdb; assert duckdb.__version__.startswith('1.4.')"]
    if python.exists() and subprocess.run(probe, capture_output=True, check=False).returncode == 0:
        return python
    uv = Path(sys.executable).parent / "uv"
    if not uv.exists():
        pytest.skip("no uv beside this Python, so no environment for a DuckDB 1.4 client; run `make setup`")
    for command in (
        ["venv", "--clear", "--python", sys.executable, str(FOLDER)],
        ["pip", "install", "--python", str(python), OLD_CLIENT],
    ):
        ran = subprocess.run([str(uv), *command], capture_output=True, text=True, check=False)
        if ran.returncode:
            pytest.skip(f"no environment with {OLD_CLIENT}, probably no registry: {ran.stderr.strip()[-200:]}")
    return python
