"""The log of checks that BI and governance read: governance.check_results.

Put here: how rows are added. Keep out: its columns (quality/contracts), running checks, deciding what blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.publish.log_table import add_rows, log_contract, to_arrow
from quality.promises.create_table import ensure_table
from quality.storage import opening

SEVERITIES = ("block", "warn", "record")
TABLE = "governance.check_results"


def last_check_at(marts: Path) -> datetime | None:
    """When the latest check in the log was made (UTC, naive); None where none is there."""
    with duckdb.connect(str(marts), config=opening()) as connection:
        ensure_table(connection, log_contract(TABLE))
        return connection.execute(f'select max("at") from {TABLE}').fetchall()[0][0]


def write_check_results(marts: Path, rows: Iterable[Mapping[str, Any]]) -> int:
    """Add checks to `governance.check_results`; the same run, asset and check again replaces its row.

    Args:
        marts: `c360_marts.duckdb`; no connection to it may be open.
        rows: one mapping per check with the columns of the contract; `at` is UTC without a zone.
    Returns:
        the number of rows written.
    Raises:
        ValueError: a severity is none of SEVERITIES.
    """
    found = to_arrow(TABLE, rows)
    unknown = sorted(set(found.column("severity").to_pylist()) - set(SEVERITIES), key=str)
    if unknown:
        raise ValueError(f"{TABLE}: severity {unknown[0]!r}; use {', '.join(SEVERITIES)}")
    with duckdb.connect(str(marts), config=opening()) as connection:
        connection.execute("begin")
        add_rows(connection, TABLE, found)
        connection.execute("commit")
    return found.num_rows
