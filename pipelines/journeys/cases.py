"""What customers did, cut into cases: the events of one customer between two silences, ends included.

Put here: how events become cases and runs of the same touchpoint visits. Keep out: what is proposed (discover.py).
Everything is counted in temporary tables: `events`, then `steps` (events by case), then `visits` (runs of steps).
"""

from __future__ import annotations

from collections.abc import Collection

import duckdb
import numpy as np

MINUTE, HOUR, DAY = 60, 3_600, 86_400
SILENCES = (
    *(30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR),
    *(days * DAY for days in (1, 2, 3, 5, 7, 10, 14, 21, 30, 60, 90)),
)
FEW = 5  # what fewer cases did is an accident, and tells too much about those who did it
ENDS = 0.8  # share of visits after which nothing follows, from which on a touchpoint is taken for an end
ENDS_OFTEN = 0.25  # the same where what follows looks like another beginning
BEGINS = 0.05  # share of cases a touchpoint begins, from which on it is no end of that second kind


def collect_events(
    connection: duckdb.DuckDBPyConnection, interactions: str, touchpoints: Collection[str], use_case: str | None
) -> None:
    """`events`: interactions of known customers, numbered in the order of journeys.

    Args:
        interactions: relation with the columns of `fct_interactions`.
        use_case: only those of this one; None: of all.
    """
    connection.execute(
        f"""
        create or replace temp table events as
        select customer_id, touchpoint, use_case, occurred_at, row_number() over in_time as row_no,
            date_diff('second', lag(occurred_at) over in_time, occurred_at) as gap_s
        from {interactions}
        where customer_id is not null and list_contains($touchpoints, touchpoint)
            and ($use_case is null or use_case = $use_case)
        window in_time as (
            partition by customer_id order by occurred_at, priority, sequence nulls last, slot, interaction_id)
        """,
        {"touchpoints": sorted(touchpoints), "use_case": use_case},
    )


def part_cases(connection: duckdb.DuckDBPyConnection) -> tuple[int, float]:
    """Cut `events` where nothing happened for long.

    Returns:
        The silence in seconds that parts two cases, and the share of gaps that are no longer.
    """
    silence, within = _silence(connection)
    _enter(
        connection,
        """
        select customer_id, touchpoint, use_case, occurred_at, row_no,
            max(case when gap_s is null or gap_s > $silence then row_no end) over (
                partition by customer_id order by row_no rows between unbounded preceding and current row) as case_row
        from events
        """,
        {"silence": silence},
    )
    return silence, within


def find_ends(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Touchpoints that end a journey: nothing follows them, or what does begins anew, as cases begin."""
    rows = connection.execute(
        """
        with begun as (
            select touchpoint, count(*) / sum(count(*)) over () as share
            from visits where visit_no = 1 group by touchpoint
        ),
        followed as (
            select touchpoint, following, count(*) / sum(count(*)) over (partition by touchpoint) as share
            from visits where following is not null group by touchpoint, following
        ),
        alike as (
            select f.touchpoint, sum(least(f.share, b.share)) as share
            from followed f join begun b on f.following = b.touchpoint group by f.touchpoint
        ),
        ended as (
            select touchpoint, count(case when following is null then 1 end) / count(*) as share
            from visits group by touchpoint
        )
        select e.touchpoint
        from ended e left join alike a using (touchpoint) left join begun b using (touchpoint)
        where e.share >= $ends or (e.share >= $often and a.share >= $ends and coalesce(b.share, 0) < $begins)
        order by 1
        """,
        {"ends": ENDS, "often": ENDS_OFTEN, "begins": BEGINS},
    ).fetchall()
    return [touchpoint for (touchpoint,) in rows]


def end_cases(connection: duckdb.DuckDBPyConnection, ends: Collection[str]) -> None:
    """Cut cases after each visit of an end."""
    _enter(
        connection,
        """
        with placed as (
            select *, lag(list_contains($ends, touchpoint)) over (
                partition by customer_id, case_row order by row_no) as is_behind
            from visits
        )
        select * replace (max(case when visit_no = 1 or is_behind then row_no end) over (
            partition by customer_id order by row_no rows between unbounded preceding and current row) as case_row)
        from placed
        """,
        {"ends": list(ends)},
    )


def begin_cases(connection: duckdb.DuckDBPyConnection, entry: Collection[str]) -> None:
    """Leave out what lies before the first entry of a case, and cases without one."""
    _enter(
        connection,
        """
        with found as (
            select *, min(case when list_contains($entry, touchpoint) then row_no end) over (
                partition by customer_id, case_row) as entry_row
            from visits
        )
        select * from found where row_no >= entry_row
        """,
        {"entry": list(entry)},
    )


def keep_used(
    connection: duckdb.DuckDBPyConnection, entry: Collection[str], min_support: float, max_stages: int
) -> None:
    """Leave out touchpoints of few cases, all but the `max_stages` most used ones; entries stay."""
    _enter(
        connection,
        """
        select * from visits semi join (
            select touchpoint, count(distinct (customer_id, case_row)) as cases from visits group by touchpoint
            having cases >= $few and (list_contains($entry, touchpoint) or cases >= $support * (
                select count(*) from (select distinct customer_id, case_row from visits)))
            order by list_contains($entry, touchpoint) desc, cases desc, touchpoint limit $stages
        ) using (touchpoint)
        """,
        {"few": FEW, "entry": list(entry), "support": min_support, "stages": max_stages},
    )


def find_by_the_way(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Touchpoints that neither follow nor precede another one more often than chance has it: half as often again, and
    beyond three standard deviations. Where that leaves no two, none."""
    rows = connection.execute(
        """
        with follows as (
            select touchpoint as start, coalesce(following, '') as goal from visits
            union all
            select '', touchpoint from visits where visit_no = 1
        ),
        counted as (select start, goal, count(*) as moves from follows group by all),
        shared as (
            select *, sum(moves) over (partition by goal) / sum(moves) over () as share,
                sum(moves) over (partition by start) as starts
            from counted
        ),
        own as (select distinct goal as start, share as own_share from shared),
        -- nothing follows itself, so the others do a little more often than their share
        weighed as (
            select start, goal, moves, starts * share / (1 - coalesce(own_share, 0)) as chance
            from shared left join own using (start)
        ),
        told as (
            from weighed
            where start <> '' and goal <> '' and moves >= $few and moves > 1.5 * chance + 3 * sqrt(chance)
        )
        select distinct touchpoint, touchpoint in (select start from told union select goal from told) from visits
        """,
        {"few": FEW},
    ).fetchall()
    chance = {touchpoint for touchpoint, is_told in rows if not is_told}
    return chance if len(rows) - len(chance) >= 2 else set()


def _enter(connection: duckdb.DuckDBPyConnection, steps: str, values: dict) -> None:
    """`visits`: runs of the same touchpoint in a case of the query `steps`."""
    connection.execute(f"create or replace temp table steps as {steps}", values)
    connection.execute("""
        create or replace temp table visits as
        with entered as (
            select *, touchpoint is distinct from lag(touchpoint) over (
                partition by customer_id, case_row order by row_no) as is_entered
            from steps
        )
        select customer_id, case_row, row_no, touchpoint, use_case, occurred_at,
            row_number() over in_case as visit_no,
            lead(touchpoint) over in_case as following
        from entered where is_entered
        window in_case as (partition by customer_id, case_row order by row_no)
    """)


def _silence(connection: duckdb.DuckDBPyConnection) -> tuple[int, float]:
    """Gaps fall into two groups on the scale of their logarithms, within cases and between them. Where they do not, all
    but the longest hundredth are taken for gaps within.

    Source: Otsu 1979, a threshold from a histogram. One bell has a ratio of variances of 0.64, a flat one of 0.75.
    """
    counted = connection.execute(
        "select cast(floor(4 * log2(gap_s)) as integer), count(*) from events where gap_s > 0 group by 1 order by 1"
    ).fetchall()
    if not counted:
        return 30 * DAY, 1.0
    place, gaps = (np.array(column, dtype=float) for column in zip(*counted, strict=True))
    below, total = np.cumsum(gaps), gaps.sum()
    mean = np.cumsum(gaps * place)
    spread = float((gaps * (place - mean[-1] / total) ** 2).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = np.nan_to_num((mean[-1] * below / total - mean) ** 2 * total / (below * (total - below)), posinf=0.0)
    is_clear = spread > 0 and apart.max() / spread > 0.8
    at = int(np.argmax(apart)) if is_clear else int(np.searchsorted(below, 0.99 * total))
    seconds = 2 ** ((place[min(at, len(place) - 1)] + 1) / 4)
    neat = next((silence for silence in SILENCES if silence >= seconds), SILENCES[-1])
    [(within,)] = connection.execute(
        "select avg(case when gap_s <= ? then 1 else 0 end) from events where gap_s > 0", [neat]
    ).fetchall()
    return neat, within
