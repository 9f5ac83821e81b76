"""When rows became readable, and how long that took: governance.part_availability and marts.mart_latency.

A part is published whole and at once, so its number (`part_seq` of every fact) stands for the instant its rows became
readable: a row per part instead of a column in every fact, which each publication would have to write into new rows
after all models were built.

Put here: what is new in this publication, and its latency. Keep out: swapping files (publish.py), what a fact is (dbt).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.publish.log_table import continue_published
from quality.promises.create_table import ensure_table
from quality.promises.output_contract import load_output_contracts
from quality.storage import opening

PARTS, LATENCY = "governance.part_availability", "marts.mart_latency"
STAGES = {
    "event_to_landed": "date_diff('second', i.occurred_at, a.landed_at)",
    "landed_to_available": "date_diff('second', a.landed_at, a.available_at)",
    "event_to_available": "date_diff('second', i.occurred_at, a.available_at)",
}
FRESH = """
    create or replace temp table fresh as
    with landed as (
        select arrived_seq as part_seq, dataset, arrived_on, landed_at
        from w.control.parts
        where state = 'current' and arrived_seq not in (select part_seq from governance.part_availability)
    ),
    counted as (
        select part_seq, count(*) as interactions
        from marts.fct_interactions
        where part_seq in (select part_seq from landed)
        group by part_seq
    )
    select l.*, $at as available_at, $run_id as run_id, coalesce(c.interactions, 0) as interactions
    from landed as l
    left join counted as c on l.part_seq = c.part_seq
"""


def write_availability(marts: Path, published: Path, warehouse: Path, *, run_id: str, at: datetime) -> int:
    """Note which parts become readable with this publication, and what the latency of their day is now.

    Call it last before publishing. Both tables go on from the published ones: a run that fails before its files are
    swapped in leaves no trace. Only rows of parts that became readable today are read; earlier days stay as they were
    seen, also when their rows are replaced later.

    Args:
        marts: `c360_marts.duckdb`; no connection to it may be open, nor to `warehouse`.
        published: the file published last; none yet: every part is new.
        at: UTC, naive; the files are swapped in just after it.
    Returns:
        Parts that became readable.
    """
    contracts = load_output_contracts()
    with duckdb.connect(str(marts), config=opening()) as connection:
        connection.execute(f"attach '{warehouse}' as w (read_only)")
        if published.is_file():
            connection.execute(f"attach '{published}' as p (read_only)")
        connection.execute("begin")
        for table in (PARTS, LATENCY):
            ensure_table(connection, contracts[table.split(".")[1]])
            continue_published(connection, table)
        connection.execute(FRESH, {"at": at, "run_id": run_id})
        fresh = connection.execute(f"insert into {PARTS} by name from fresh").fetchall()[0][0]
        if fresh:
            _judge_day(connection, at)
        connection.execute("commit")
    return fresh


def _judge_day(connection: duckdb.DuckDBPyConnection, at: datetime) -> None:
    """Write the latency of the day anew, for datasets with new parts; a time known only by its day has none."""
    found = "".join(
        f", quantile_disc({seconds}, [0.5, 0.95]) as {stage}, max({seconds}) as {stage}_max_s"
        for stage, seconds in STAGES.items()
    )
    told = "".join(f", {stage}[1] as {stage}_p50_s, {stage}[2] as {stage}_p95_s, {stage}_max_s" for stage in STAGES)
    day = [at.date()]
    datasets = "dataset in (select dataset from fresh)"
    connection.execute(f"delete from {LATENCY} where available_on = ? and {datasets}", day)
    connection.execute(
        f"insert into {LATENCY} by name select dataset, available_on, interactions{told} from ("
        f"select a.dataset, cast(a.available_at as date) as available_on, count(*) as interactions{found} "
        f"from marts.fct_interactions as i join {PARTS} as a using (part_seq) "
        f"where cast(a.available_at as date) = ? and a.{datasets} and i.occurred_precision = 'second' group by all)",
        day,
    )
