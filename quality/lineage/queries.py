"""Queries as they were read, kept from build to build: reading one takes ten milliseconds, and few ever change.

Put here: what was read, and the file it is kept in. Keep out: reading a query (sql.py).
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from quality.lineage.sql import QueryLineage, read_query


class Queries:
    """What queries are made of, read once.

    Args:
        file: where they are kept, ours alone; None: nowhere.
        files: digest of the files that decide how a query is read; with another one, all are read anew.
    """

    def __init__(self, file: Path | None = None, files: str = "") -> None:
        self._file, self._files = file, files
        self._read: dict[bytes, QueryLineage] = {}
        self._is_kept = True
        with suppress(OSError, EOFError, pickle.PickleError, AttributeError, ValueError):  # none, or half of one
            kept_files, read = pickle.loads(file.read_bytes()) if file else ("", {})
            self._read = read if kept_files == files else {}

    def read(self, sql: str, schema: Mapping[str, Sequence[str]]) -> QueryLineage:
        """As `read_query`.

        Raises:
            LineageError: its columns cannot be followed.
        """
        key = hashlib.sha256(repr((sql, sorted(schema.items()))).encode()).digest()
        if key not in self._read:
            self._read[key], self._is_kept = read_query(sql, schema), False
        return self._read[key]

    def keep(self) -> None:
        """Write down what was read since."""
        if self._file and not self._is_kept:
            draft = self._file.with_name(f".{self._file.name}")
            draft.write_bytes(pickle.dumps((self._files, self._read)))
            draft.replace(self._file)
            self._is_kept = True
