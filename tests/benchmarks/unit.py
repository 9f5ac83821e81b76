"""The unit S: one DuckDB sort of interactions by person and time into Parquet.

Put here: the sort every ratio is taken against. Keep out: what is measured with it.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import duckdb

ROWS = """
create table interactions as
select md5('i' || i)::uuid as interaction_id,
    timestamp '2026-01-01' + to_seconds((hash(i, 1) % 31000000)::bigint) as occurred_at,
    'channel' || (hash(i, 2) % 7) as channel, 'touchpoint' || (hash(i, 3) % 59) as touchpoint,
    md5('d' || hash(i, 4) % ({rows} // 8)) as device_id, 'p' || hash(i, 5) % ({rows} // 10) || '@example.org' as email,
    'L' || hash(i, 5) % ({rows} // 10) as loyalty_number, (hash(i, 6) % 100000 / 100)::decimal(18, 2) as value
from range({rows}) as numbers(i)
"""


def measure_sort(rows: int, repeats: int = 3) -> float:
    """Seconds of one sort of `rows` interactions, ten a person; the median of `repeats`, two threads, 4 GB."""
    with tempfile.TemporaryDirectory() as folder, duckdb.connect(str(Path(folder) / "unit.duckdb")) as connection:
        connection.execute("set threads = 2")
        connection.execute("set memory_limit = '4GB'")
        connection.execute("set preserve_insertion_order = false")
        connection.execute(ROWS.format(rows=rows))
        return statistics.median(_sort(connection, Path(folder) / "sorted.parquet") for _ in range(repeats))


def _sort(connection: duckdb.DuckDBPyConnection, target: Path) -> float:
    started = time.perf_counter()
    connection.execute(f"copy (from interactions order by email, occurred_at) to '{target}'")
    return time.perf_counter() - started
