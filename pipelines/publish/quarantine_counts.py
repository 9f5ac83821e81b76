"""What was set aside, counted: control.quarantine, which governance reads.

Put here: counting the quarantine parts of the home folder. Keep out: quarantining (pipelines/ingest).
"""

from __future__ import annotations

from pathlib import Path

import duckdb


def write_quarantine_counts(connection: duckdb.DuckDBPyConnection, quarantine: Path) -> int:
    """Write `control.quarantine`: rows, cells and lines per dataset, batch, kind, column and rule.

    Args:
        connection: has the warehouse open as its default database.
        quarantine: `<home>/quarantine`; may be missing.
    Returns:
        the number of counted groups.
    """
    connection.execute("create schema if not exists control")
    connection.execute(
        """
        create or replace table control.quarantine (
            dataset varchar, batch_id varchar, arrived_on date, kind varchar, column_name varchar, rule_id varchar,
            quarantined bigint
        )
        """
    )
    if any(quarantine.glob("*/*/*.parquet")):
        connection.execute(
            """
            insert into control.quarantine
            select dataset, batch_id, arrived_on, kind, column_name, rule_id, count(*)
            from read_parquet(?, union_by_name = true, hive_partitioning = false)
            group by all
            order by all
            """,
            [str(quarantine / "*" / "*" / "*.parquet")],
        )
    return connection.execute("select count(*) from control.quarantine").fetchall()[0][0]
