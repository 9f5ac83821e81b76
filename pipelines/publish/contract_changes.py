"""The log of what published tables promised otherwise than before: governance.contract_changes.

Put here: comparing with the released copies, and adding to the log.
Keep out: what a change is (quality/promises/compatibility.py), which may go ahead (quality/promises/change_control.py).
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import duckdb

from pipelines.publish.log_table import continue_published
from quality.promises.change_control import RELEASED, judge, promises_in, promises_now
from quality.promises.create_table import ensure_table
from quality.promises.output_contract import load_output_contracts
from quality.storage import opening

TABLE = "governance.contract_changes"


def write_contract_changes(marts: Path, published: Path, released: Path, *, run_id: str, at: datetime) -> int:
    """Log how the promises about to be published differ from those published last. Call it before publishing.

    The log continues the published one: what a run logged that then published nothing, the next one logs again.

    Args:
        marts: `c360_marts.duckdb`; no connection to it may be open.
        published: the file published last, if there is one.
        released: folder of the copies of what is published; without them this is the first publication, and no change.
        at: UTC, naive.
    Returns:
        Changes logged.
    """
    before = promises_in(released / RELEASED)
    verdict = judge(before, promises_now(), [], date.today()) if before else None
    changes = [*verdict.changes, *verdict.moves] if verdict else []
    with duckdb.connect(str(marts), config=opening()) as connection:
        ensure_table(connection, load_output_contracts()["contract_changes"])
        if published.is_file():
            connection.execute(f"attach '{published}' as p (read_only)")
        connection.execute("begin")
        continue_published(connection, TABLE)
        connection.execute(f"delete from {TABLE} where run_id = ?", [run_id])
        if changes:
            connection.executemany(
                f"insert into {TABLE} values (?, ?, ?, ?, ?, ?, ?, ?)",
                [[run_id, at, n, c.table, c.column, c.kind, c.level, c.said] for n, c in enumerate(changes, 1)],
            )
        connection.execute("commit")
    return len(changes)
