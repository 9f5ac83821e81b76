"""The log of facts that changed hands: governance.restatements.

Put here: comparing the facts about to be published with those published before, and adding to the log.
Keep out: why a customer id changed (governance.id_events), what a fact is (dbt_project).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from pipelines.publish.log_table import continue_published, tables_of
from quality.promises.create_table import ensure_table
from quality.promises.output_contract import load_output_contracts
from quality.storage import opening

TABLE = "governance.restatements"
# What makes a row the same fact whoever it belongs to. The ids of consents and journey instances name their customer,
# so they do not: an instance is known by its first interaction, and takes its visits and moves along.
FACTS = {
    "fct_interactions": ("interaction_id",),
    "fct_orders": ("dataset", "order_key"),
    "fct_cases": ("dataset", "case_key"),
    "fct_survey_responses": ("answer_id",),
    "fct_consents": (
        "dataset", "purpose", "lawful_basis", "channel", "granted", "occurred_at", "arrived_on", "part_seq",
    ),
    "fct_journey_interactions": ("journey_key", "interaction_id"),
}  # fmt: skip
INSTANCES = ("fct_journeys", "fct_journey_stages", "fct_journey_transitions", "fct_journey_deviations")


def write_restatements(marts: Path, published: Path, *, run_id: str, at: datetime) -> int:
    """Log the facts that `marts` holds under another customer than `published` does. Call it before publishing.

    Only customers of the id events since the last publication are looked at: without a merge, split or retirement
    nothing is compared. The log continues the published one, so a run that fails before its files are swapped in leaves
    no trace, and the next one logs what it had found. A fact that is gone altogether was withdrawn, not restated.

    Args:
        marts: `c360_marts.duckdb`; no connection to it may be open.
        published: the file published last; none yet: nothing to restate.
        at: UTC, naive.
    Returns:
        Facts that moved.
    """
    with duckdb.connect(str(marts), config=opening()) as connection:
        ensure_table(connection, load_output_contracts()["restatements"])
        if not published.is_file():
            return 0
        connection.execute(f"attach '{published}' as p (read_only)")
        connection.execute("begin")
        known = tables_of(connection, "p")
        continue_published(connection, TABLE)
        moved = 0
        if _follow_events(connection):
            queries = {name: _moved(name, same) for name, same in FACTS.items()}
            queries |= {name: _taken_along(name) for name in INSTANCES}
            ready = known & tables_of(connection, connection.execute("select current_database()").fetchall()[0][0])
            for name, query in queries.items():
                if f"marts.{name}" in ready:
                    moved += _log(connection, name, query, run_id, at)
        connection.execute("commit")
    return moved


def _follow_events(connection: duckdb.DuckDBPyConnection) -> int:
    """`touched` (old_id, new_id): where the facts of an id may have gone, over all events since the publication."""
    connection.execute(
        """
        create or replace temp table touched as
        with happened as (
            select case when event = 'retire' then customer_id else other_id end as old_id,
                case when event <> 'retire' then customer_id end as new_id
            from governance.id_events e
            where event <> 'mint' and not exists (from p.governance.id_events b where b.event_id = e.event_id)
        )
        select h.old_id, coalesce(r.new_id, h.new_id) as new_id
        from happened h left join governance.id_redirects r on r.old_id = h.new_id
        union
        select r.old_id, r.new_id from governance.id_redirects r join happened h using (old_id)
        """
    )
    return connection.execute("select count(*) from touched").fetchall()[0][0]


def _moved(name: str, same: tuple[str, ...]) -> str:
    """Query of (old_id, new_id, moved_rows) for facts that are known by columns of their own."""
    alike = " and ".join(f"now.{column} is not distinct from old.{column}" for column in same)
    return f"""
        with old as (
            select row_number() over () as row_no, customer_id, {", ".join(same)} from p.marts.{name}
            where customer_id in (select old_id from touched)
        ),
        found as (
            select distinct old.row_no, old.customer_id as old_id, now.customer_id as new_id
            from old join marts.{name} now on {alike}
        )
        select old_id, new_id, count(*) as moved_rows from found
        where row_no not in (select row_no from found where old_id = new_id) and {_reached()}
        group by old_id, new_id
    """


def _taken_along(name: str) -> str:
    """Query of (old_id, new_id, moved_rows) for rows of journey instances, which follow their first interaction."""
    return f"""
        with found as (
            select old.instance_id, old.customer_id as old_id, now.customer_id as new_id
            from p.marts.fct_journey_interactions old
            join marts.fct_journey_interactions now using (journey_key, interaction_id)
            where old.customer_id in (select old_id from touched)
            qualify row_number() over (partition by old.instance_id order by old.occurred_at, old.interaction_id) = 1
        )
        select old_id, new_id, count(*) as moved_rows
        from p.marts.{name} join found using (instance_id)
        where old_id <> new_id and {_reached()}
        group by old_id, new_id
    """


def _reached() -> str:
    """Facts may also change hands as a device does, without a change of ids; that is no restatement."""
    return "(new_id is null or (old_id, new_id) in (select (old_id, new_id) from touched))"


def _log(connection: duckdb.DuckDBPyConnection, name: str, query: str, run_id: str, at: datetime) -> int:
    added = connection.execute(
        f"insert into {TABLE} select ?, ?, ?, old_id, new_id, moved_rows from ({query}) order by all "
        "returning moved_rows",
        [run_id, at, name],
    ).fetchall()
    return sum(rows for (rows,) in added)
