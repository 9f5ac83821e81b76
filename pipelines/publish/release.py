"""Copies of the contracts, definitions and journeys a published database was built from.

Put here: what is released, and how the copies change with the published file. Keep out: judging a change against them
(pipelines/journeys/released.py, quality/promises/change_control.py).
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from quality.storage import opening


class Release:
    """The copies of one publishing, written as drafts first, so that nothing that could fail is left when they count.

    Journeys are kept version by version, retired ones too: a number once published never means something else.
    Contracts, of sources and of tables, and the definitions are those of the last publishing.
    """

    def __init__(self, warehouse: Path, released: Path):
        """Args: released: folder of `contracts/`, `tables/` and `journeys/`, made where it is missing."""
        self.warehouse, self.released = warehouse, released
        self._drafts: dict[Path, Path] = {}  # by what they will replace

    def draft(self) -> None:
        """Write every copy beside what it will replace, onto the disk; drafts of a killed publishing go."""
        for left in self.released.glob("*/.*"):
            left.unlink()
        for folder, name, text in self._declarations():
            target = self.released / folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            self._drafts[target] = target.with_name(f".{name}.{os.getpid()}")
            with self._drafts[target].open("w", encoding="utf-8") as handle:
                handle.write(text)
                handle.flush()
                os.fsync(handle.fileno())

    def commit(self) -> None:
        """Let the drafts count."""
        for target, draft in self._drafts.items():
            draft.replace(target)
        for folder in ("contracts", "tables"):
            for gone in set((self.released / folder).glob("*.yaml")) - self._drafts.keys():
                gone.unlink()

    def discard(self) -> None:
        """Remove the drafts that do not count yet."""
        for draft in self._drafts.values():
            draft.unlink(missing_ok=True)

    def _declarations(self) -> list[tuple[str, str, str]]:
        """(folder, name, text) of everything the warehouse was built from; nothing where it was built by hand."""
        with duckdb.connect(str(self.warehouse), read_only=True, config=opening()) as connection:
            known = connection.execute(
                "select 1 from duckdb_tables() where schema_name = 'control' and table_name = 'declarations'"
            ).fetchall()
            if not known:
                return []
            return connection.execute("select folder, name, text from control.declarations order by all").fetchall()
