"""What a replay of one version of a journey changed: its facts before, as published, and after.

Put here: the tables a replay rewrites, and counting. Keep out: rewriting (dbt), when it may be (pipelines/replay.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

FACTS = (
    "fct_journeys",
    "fct_journey_stages",
    "fct_journey_interactions",
    "fct_journey_transitions",
    "fct_journey_deviations",
)


@dataclass(frozen=True)
class Replayed:
    """Rows of one table and version; `changed`: those after that were not there before, as they are."""

    table: str
    before: int
    after: int
    changed: int


def count_replayed(
    connection: duckdb.DuckDBPyConnection, version: str, before: str = "published", after: str = "m"
) -> list[Replayed]:
    """Compare the facts of one version in two attached databases.

    Args:
        version: `id@version`.
        before, after: names under which the databases are attached; both have schema `marts`.
    """
    return [_count(connection, table, version, f"{before}.marts.{table}", f"{after}.marts.{table}") for table in FACTS]


def _count(connection: duckdb.DuckDBPyConnection, table: str, version: str, before: str, after: str) -> Replayed:
    columns = ", ".join(c[0] for c in connection.execute(f"from {after} limit 0").description)
    return Replayed(
        table,
        *connection.execute(
            f"""
            with old as (select {columns} from {before} where journey_key = $version),
            new as (select {columns} from {after} where journey_key = $version)
            select (select count(*) from old), (select count(*) from new),
                (select count(*) from (from new except all from old))
            """,
            {"version": version},
        ).fetchall()[0],
    )
