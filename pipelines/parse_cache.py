"""What dbt made of a project, kept for other homes of the same company: to read all models takes it ten seconds.

A home differs from another in paths alone, and dbt reads again what differs. Where anything else does, nothing is
taken: what dbt makes of changed files beside old ones is dbt's to answer for, and not needed.

Put here: keeping and taking. Keep out: when dbt must parse (dbt.py).
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

KEPT = 8  # of some megabytes each; of several companies and checkouts


class ParseCache:
    """Parses in the user's cache folder ($XDG_CACHE_HOME, or ~/.cache); where that cannot be written, there are none.

    Args:
        project: the rendered project in its home.
        package: the models all companies share.
    """

    def __init__(self, project: Path, package: Path) -> None:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "c360" / "parsed"
        self._file = folder / f"{_digest(project, package)}.msgpack"

    def take(self, target: Path) -> None:
        """Put the parse of an equal project where dbt looks for its last one."""
        with suppress(OSError):
            shutil.copy(self._file, target)
            os.utime(self._file)

    def keep(self, parsed: Path) -> None:
        """Keep a parse for others, and forget those nobody has taken for longest."""
        if self._file.exists():
            return
        draft = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(parsed, draft)
            draft.replace(self._file)
            for old in sorted(self._file.parent.glob("*.msgpack"), key=_age)[KEPT:]:
                old.unlink()


def _age(file: Path) -> float:
    return -file.stat().st_mtime


def _digest(project: Path, package: Path) -> str:
    """Of all dbt reads, but for the path of the home."""
    home, said = str(project.parent), hashlib.sha256(f"{version('dbt-core')} {version('dbt-duckdb')}".encode())
    for folder in (project, package):
        for file in _read_by_dbt(folder):
            said.update(f"\0{file.relative_to(folder)}\0".encode())
            said.update(file.read_text(encoding="utf-8").replace(home, "").encode())
    return said.hexdigest()


def _read_by_dbt(folder: Path) -> Iterable[Path]:
    files = (f for name in ("models", "macros", "tests", "seeds") for f in (folder / name).rglob("*") if f.is_file())
    return sorted([*folder.glob("*.yml"), *files])
