"""What journeys are built by, as one text: another text, and all of them are built anew.

Put here: the journeys as compiled and the code that reads them. Keep out: who has changed (dbt).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

REPOSITORY = Path(__file__).resolve().parents[2]
CODE = ("dbt_project/models/journeys", "dbt_project/macros", "pipelines/journeys")


def fingerprint_journeys(tables: Mapping[str, pa.Table]) -> str:
    """SHA-256 of the rule tables, as `compile_journeys` gives them, and of the files under CODE."""
    digest = hashlib.sha256()
    for name, table in sorted(tables.items()):
        digest.update(json.dumps([name, table.to_pylist()], sort_keys=True, default=str).encode())
    for folder in CODE:
        for path in sorted((REPOSITORY / folder).rglob("*")):
            if path.suffix in (".sql", ".py"):
                digest.update(str(path.relative_to(REPOSITORY)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
