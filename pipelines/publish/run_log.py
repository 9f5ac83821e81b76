"""The log of runs that operators read: governance.runs and governance.run_steps.

Put here: how rows are added, and how large what they are about is. Keep out: what happened in a run
(pipelines/run_log.py), columns (quality/contracts).
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

RUNS, STEPS = "governance.runs", "governance.run_steps"
KEPT_RUNS = 1000  # the latest, of which steps are kept; runs themselves stay
BLOCK = 262_144  # bytes DuckDB gives out at once; small tables share one, and count it each
RETOLD = f"""
    select
        m.* replace (coalesce(m.row_count, s.row_count) as row_count, coalesce(m.bytes, s.bytes) as bytes)
    from made as m
    left join {STEPS} as s on m.run_id = s.run_id and m.asset = s.asset
"""
Row = Mapping[str, Any]


def last_run_at(marts: Path) -> datetime | None:
    """When the latest run in the log started (UTC, naive); None where none is there."""
    with duckdb.connect(str(marts), config=opening()) as connection:
        ensure_table(connection, log_contract(RUNS))
        return connection.execute(f"select max(started_at) from {RUNS}").fetchall()[0][0]


def measure_tables(*files: Path) -> dict[str, tuple[int, int]]:
    """`schema/table` -> rows and bytes of every table of these DuckDB files; no writer may have them open."""
    found: dict[str, tuple[int, int]] = {}
    for file in files:
        with duckdb.connect(str(file), read_only=True, config=opening()) as connection:
            tables = connection.execute(
                "select schema_name, table_name, estimated_size from duckdb_tables() order by all"
            ).fetchall()
            blocks = " union all ".join(
                f"""select '{schema}/{name}', count(distinct block_id) filter (where block_id >= 0)
                    from pragma_storage_info('{schema}."{name}"')"""
                for schema, name, _ in tables
            )
            used = dict(connection.execute(blocks).fetchall()) if tables else {}
        found |= {f"{s}/{n}": (rows, used[f"{s}/{n}"] * BLOCK) for s, n, rows in tables}
    return found


def write_runs(marts: Path, runs: Iterable[Row], steps: Iterable[Row]) -> int:
    """Add runs and what they were made of; a run told again, which has ended since, replaces itself, but for the sizes
    of its tables, which only the run that published them could see.

    Args:
        marts: `c360_marts.duckdb`; no connection to it may be open.
        runs, steps: with the columns of the two contracts; instants are UTC without a zone.
    Returns:
        Runs written.
    """
    told, made = to_arrow(RUNS, runs), to_arrow(STEPS, steps)
    with duckdb.connect(str(marts), config=opening()) as connection:
        connection.execute("begin")
        add_rows(connection, RUNS, told)
        ensure_table(connection, log_contract(STEPS))
        connection.register("made", made)
        made = connection.sql(RETOLD).to_arrow_table()
        connection.register("told", told)
        connection.execute(f"delete from {STEPS} where run_id in (select run_id from told)")
        add_rows(connection, STEPS, made)
        connection.execute(
            f"delete from {STEPS} where run_id not in "
            f"(select run_id from {RUNS} order by started_at desc, run_id limit {KEPT_RUNS})"
        )
        connection.execute("commit")
    return told.num_rows
