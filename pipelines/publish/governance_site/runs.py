"""What the site tells of runs: how they ended, what they took, and how fresh what they publish is.

Put here: reading it from the published file. Keep out: HTML (templates/runs.html.j2), the log itself (../run_log.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from quality.storage import opening

SHOWN = 30  # runs, and days of growth
RUNS = "select * from governance.runs order by started_at desc, run_id limit $shown"
LAST = """
    select run_id from governance.runs where outcome = 'published' order by started_at desc limit 1
"""
PARTS = f"""
    with steps as (
        select part, coalesce(seconds, 0) as seconds, peak_mb from governance.run_steps where run_id = ({LAST})
        union all
        select part, coalesce(seconds, 0), peak_mb from governance.run_steps
        where run_id = (
            select run_id from governance.runs where landed_rows is not null order by started_at desc limit 1
        )
    )
    select part, sum(seconds) as seconds, max(peak_mb) as peak_mb, count(*) as steps
    from steps
    group by part
    order by list_position(['landing', 'control', 'standard', 'identity', 'marts', 'checks', 'published'], part)
"""
SLOWEST = f"""
    select asset, part, seconds, row_count, bytes, peak_mb
    from governance.run_steps
    where run_id = ({LAST}) and seconds is not null
    order by seconds desc, asset
    limit 15
"""
GROWTH = f"""
    with seen as (
        select
            s.asset, s.row_count, s.bytes, s.run_id = ({LAST}) as is_last,
            row_number() over (partition by s.asset order by r.started_at desc) as latest,
            row_number() over (partition by s.asset order by r.started_at) as earliest,
            r.started_at
        from governance.run_steps as s
        join governance.runs as r on s.run_id = r.run_id
        where s.asset like 'marts/%' and s.row_count is not null
            and r.started_at > (select max(started_at) from governance.runs) - $shown * interval '1' day
    )
    select
        asset,
        max(row_count) filter (latest = 1) as row_count,
        max(row_count) filter (latest = 2) as row_count_before,
        max(row_count) filter (earliest = 1) as row_count_first,
        max(started_at) filter (earliest = 1) as first_at,
        max(bytes) filter (latest = 1) as bytes
    from seen
    group by asset
    having bool_or(is_last)
    order by row_count desc, asset
    limit 15
"""
LATENCY = """
    select * from marts.mart_latency
    qualify row_number() over (partition by dataset order by available_on desc) = 1
    order by dataset
"""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class RunsPage:
    """Newest first; `parts` in the order of a run, of the last landing and the last build."""

    runs: tuple[Row, ...]
    parts: tuple[Row, ...]
    slowest: tuple[Row, ...]
    growth: tuple[Row, ...]
    latency: tuple[Row, ...]


def read_runs(published: Path) -> RunsPage:
    """Args: published: the published file; nothing else of the home is read."""
    with duckdb.connect(str(published), read_only=True, config=opening()) as connection:
        return RunsPage(
            runs=_rows(connection, RUNS, shown=SHOWN),
            parts=_rows(connection, PARTS),
            slowest=_rows(connection, SLOWEST),
            growth=_rows(connection, GROWTH, shown=SHOWN),
            latency=_rows(connection, LATENCY),
        )


def _rows(connection: duckdb.DuckDBPyConnection, query: str, **parameters: Any) -> tuple[Row, ...]:
    return tuple(connection.sql(query, params=parameters).to_arrow_table().to_pylist())
