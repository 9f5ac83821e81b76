"""Quarantine told: grouped by reason, dataset or batch, with counts and ages, or row by row.

Put here: queries of `c360 quarantine show`. Keep out: what is in quarantine (quarantine.py), how it is printed.
"""

from __future__ import annotations

from datetime import date

import duckdb

from pipelines.ingest.cells import quote
from pipelines.ingest.quarantine import Choice

_COUNTS = """
    count(distinct (batch_id, row_no)) filter (kind <> 'cell' and state = 'open') as open_rows,
    count(distinct (batch_id, row_no, column_name)) filter (kind = 'cell' and state = 'open') as open_cells,
    count(*) filter (state = 'held') as held,
    count(*) filter (state = 'dropped') as dropped,
    count(distinct batch_id) as batches,
    min(arrived_on) as since,
    {today}::date - min(arrived_on) as days
"""
GROUPS = {
    "reason": "select dataset, rule_id as rule, kind, {counts} from failures where {where} group by all "
    "order by open_rows desc, open_cells desc, dataset, rule, kind",
    "dataset": "select dataset, {counts} from failures where {where} group by all order by dataset",
    "batch": "select dataset, left(content_hash, 12) as batch, state, arrived_on, received, landed, quarantined, "
    "dropped, cells, open_cells, {today}::date - arrived_on as days from batches "
    "where (state = 'held' and {held}) or (dataset, content_hash) in "
    "(select (dataset, batch_id) from failures where {where}) order by dataset, arrived_on, batch",
}


def group_failures(con: duckdb.DuckDBPyConnection, by: str, choice: Choice, today: date) -> list[dict]:
    """What is chosen, in groups, as `open_quarantine` sees it.

    `open_rows` are rows (and lines) set aside, `open_cells` nulled cells of landed rows; `held` and `dropped` count
    failures. Of a batch: received = landed + quarantined, and `dropped` of the quarantined nobody waits for; of a held
    batch nothing has landed yet. `days` is the age since the oldest arrived.

    Args:
        by: reason, dataset or batch.
    """
    held = "true" if choice.rule is None else "false"
    if choice.batch:
        held += f" and starts_with(content_hash, {quote(choice.batch)})"
    query = GROUPS[by].format(
        counts=_COUNTS.format(today=quote(today)), today=quote(today), where=choice.where, held=held
    )
    return _rows(con, query)


def list_failures(con: duckdb.DuckDBPyConnection, choice: Choice, limit: int, *, raw: bool = False) -> list[dict]:
    """One row per failure: batch, row number, rule; never what the row says, unless `raw`."""
    columns = "dataset, left(batch_id, 12) as batch, row_no as row, kind, rule_id as rule, state"
    return _rows(
        con,
        f"select {columns}{', raw' if raw else ''} from failures where {choice.where} "
        f"order by dataset, arrived_on, batch_id, row_no, rule limit {limit:d}",
    )


def _rows(con: duckdb.DuckDBPyConnection, query: str) -> list[dict]:
    result = con.execute(query)
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
