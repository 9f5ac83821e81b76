"""What was set aside, counted: control.quarantine, which governance reads.

Put here: counting the quarantine parts of the home folder. Keep out: quarantining (pipelines/ingest).
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.ingest.manifest import Manifest
from pipelines.ingest.quarantine import open_quarantine


def write_quarantine_counts(connection: duckdb.DuckDBPyConnection, manifest: Manifest, quarantine: Path) -> int:
    """Write `control.quarantine`: failures per dataset, batch, kind, column, rule and state (open, held, dropped).

    Of parts that are current or held; what a replaced or withdrawn part set aside is history.

    Args:
        connection: has the warehouse open as its default database.
        quarantine: `<home>/quarantine`; may be missing.
    Returns:
        the number of counted groups.
    """
    with open_quarantine(manifest, quarantine) as source:
        counted = source.sql(
            """
            select dataset, batch_id, arrived_on, kind, column_name, rule_id, count(*) as quarantined, state
            from failures
            group by all
            order by all
            """
        ).to_arrow_table()
    connection.execute("create schema if not exists control")
    connection.register("counted", counted)
    connection.execute("create or replace table control.quarantine as select * from counted")
    connection.unregister("counted")
    return counted.num_rows
