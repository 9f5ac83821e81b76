"""A journey as customers walk it, found in what they did: stages, moves, entry, end and the silence after which it is over.

Put here: what is counted and where noise ends. Keep out: how the proposal is written down (draft.py), the command line.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import duckdb
import numpy as np

MINUTE, HOUR, DAY = 60, 3_600, 86_400
SILENCES = (30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, *(n * DAY for n in (1, 2, 3, 5, 7, 10, 14, 21, 30, 60, 90)))
ENDS = 0.8  # share of a stage's visits after which nothing follows, from which on it is taken for an end
ALWAYS = 0.9  # share of complete cases that visit a stage, from which on it is taken for mandatory
FEW = 5  # a move of fewer cases is an accident, and tells too much about those who made it


class DiscoveryError(ValueError):
    """Nothing can be proposed; says what was looked at and what to ask for instead."""


@dataclass(frozen=True)
class Bounds:
    """What is noise: a stage in fewer cases, a move by less of what follows its stage, stages beyond the most used."""

    min_support: float = 0.05
    min_confidence: float = 0.05
    max_stages: int = 12


@dataclass(frozen=True)
class DraftStage:
    """One touchpoint that became a stage."""

    touchpoint: str
    support: float  # share of cases that visit it
    starts: float  # share of cases that begin with it
    ends: float  # share of its visits after which nothing follows
    is_entry: bool
    is_terminal: bool
    is_mandatory: bool


@dataclass(frozen=True)
class DraftMove:
    """One touchpoint following another."""

    start: str
    end: str
    cases: int
    confidence: float  # share of what follows `start`


@dataclass(frozen=True)
class Draft:
    """What was found; a case is what one customer did between two silences."""

    cases: int
    customers: int
    first_at: datetime
    last_at: datetime
    use_case: str | None  # the most frequent one of the cases
    inactivity_s: int
    gaps_within: float  # share of gaps that are no longer than that
    stages: tuple[DraftStage, ...]
    moves: tuple[DraftMove, ...]


def discover(
    connection: duckdb.DuckDBPyConnection,
    interactions: str,
    touchpoints: Collection[str],
    *,
    entry: Collection[str] = (),
    use_case: str | None = None,
    bounds: Bounds = Bounds(),  # noqa: B008  (frozen)
) -> Draft:
    """Propose a journey from interactions.

    Args:
        connection: where temporary tables may be made.
        interactions: relation with the columns of `fct_interactions`.
        touchpoints: those that may become stages.
        entry: touchpoints a case begins with; what lies before the first of them is left out. None: those many cases
            begin with.
        use_case: only interactions of this one.
    Raises:
        DiscoveryError: too few interactions, or none begins with an entry.
    Source: directly-follows graph with relative thresholds (Leemans 2014, Inductive Miner infrequent).
    """
    _collect(connection, interactions, touchpoints, use_case)
    inactivity_s, within = _silence(connection)
    _split(connection, inactivity_s, entry)
    cases, customers, first_at, last_at, common = connection.execute("""
        select count(distinct (customer_id, case_row)), count(distinct customer_id), min(occurred_at), max(occurred_at),
            (select use_case from steps where use_case is not null group by 1 order by count(*) desc, 1 limit 1)
        from steps
    """).fetchall()[0]
    if cases < FEW:
        raise DiscoveryError(
            f"fct_interactions: {cases} cases to learn from; needed: {FEW} at least; "
            "ask for another use case or other entry touchpoints, or land more data"
        )
    _visit(connection, cases, entry, bounds)
    stages = _stages(connection, cases, entry, bounds)
    moves = _moves(connection, stages, bounds)
    return Draft(cases, customers, first_at, last_at, use_case or common, inactivity_s, within, stages, moves)


def _collect(
    connection: duckdb.DuckDBPyConnection, interactions: str, touchpoints: Collection[str], use_case: str | None
) -> None:
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


def _silence(connection: duckdb.DuckDBPyConnection) -> tuple[int, float]:
    """The silence that parts two cases, and the share of gaps below it.

    Gaps fall into two groups on the scale of their logarithms, within cases and between them. Where they do not, all
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
        apart = np.nan_to_num((mean[-1] * below / total - mean) ** 2 * total / (below * (total - below)))
    at = int(np.argmax(apart)) if spread and apart.max() / spread > 0.8 else int(np.searchsorted(below, 0.99 * total))
    seconds = 2 ** ((place[min(at, len(place) - 1)] + 1) / 4)
    neat = next((s for s in SILENCES if s >= seconds), SILENCES[-1])
    [(within,)] = connection.execute("select avg(case when gap_s <= ? then 1 else 0 end) from events where gap_s > 0",
                                     [neat]).fetchall()  # fmt: skip
    return neat, within


def _split(connection: duckdb.DuckDBPyConnection, inactivity_s: int, entry: Collection[str]) -> None:
    """`steps`: events by case; with `entry`, from the first of them on."""
    connection.execute(
        """
        create or replace temp table steps as
        with parted as (
            select *, max(case when gap_s is null or gap_s > $silence then row_no end) over (
                partition by customer_id order by row_no rows between unbounded preceding and current row) as case_row
            from events
        ),
        begun as (
            select *, min(case when list_contains($entry, touchpoint) then row_no end) over (
                partition by customer_id, case_row) as entry_row
            from parted
        )
        select customer_id, case_row, row_no, touchpoint, use_case, occurred_at from begun
        where len($entry) = 0 or row_no >= entry_row
        """,
        {"silence": inactivity_s, "entry": sorted(entry)},
    )


def _visit(connection: duckdb.DuckDBPyConnection, cases: int, entry: Collection[str], bounds: Bounds) -> None:
    """`visits`: runs of the same touchpoint, of the touchpoints many cases have."""
    connection.execute(
        """
        create or replace temp table visits as
        with used as (
            select touchpoint, count(distinct (customer_id, case_row)) as cases from steps group by touchpoint
        ),
        kept as (
            select touchpoint from used
            where cases >= $few and (cases >= $support * $cases or list_contains($entry, touchpoint))
            order by list_contains($entry, touchpoint) desc, cases desc, touchpoint limit $stages
        ),
        entered as (
            select *, touchpoint is distinct from lag(touchpoint) over (
                partition by customer_id, case_row order by row_no) as is_entered
            from steps semi join kept using (touchpoint)
        )
        select customer_id, case_row, touchpoint,
            row_number() over in_case as visit_no,
            lead(touchpoint) over in_case as following
        from entered where is_entered
        window in_case as (partition by customer_id, case_row order by row_no)
        """,
        {
            **{"support": bounds.min_support, "cases": cases, "entry": sorted(entry)},
            **{"stages": bounds.max_stages, "few": FEW},
        },
    )


def _stages(
    connection: duckdb.DuckDBPyConnection, cases: int, entry: Collection[str], bounds: Bounds
) -> tuple[DraftStage, ...]:
    """In the order in which cases first come to them, ends last."""
    rows = connection.execute(
        """
        with seen as (
            select touchpoint, customer_id, case_row, min(visit_no) as first_no, count(*) as visits,
                count(case when following is null then 1 end) as ends
            from visits group by all
        ),
        summed as (
            select touchpoint, count(*) as cases, count(case when first_no = 1 then 1 end) as starts, sum(ends) / sum(visits) as ends,
                avg(first_no) as place
            from seen group by touchpoint
        ),
        complete as (
            select distinct customer_id, case_row from seen semi join (from summed where ends >= $ends) using (touchpoint)
        ),
        usual as (
            select touchpoint, count(*) / (select count(*) from complete) as share
            from seen semi join complete using (customer_id, case_row) group by touchpoint
        )
        select touchpoint, cases / $cases, starts / $cases, ends, coalesce(share, cases / $cases)
        from summed left join usual using (touchpoint)
        order by ends >= $ends, place, touchpoint
        """,
        {"ends": ENDS, "cases": cases},
    ).fetchall()
    found = tuple(
        DraftStage(
            touchpoint, support, starts, ends,
            is_entry=touchpoint in entry if entry else starts >= bounds.min_confidence,
            is_terminal=ends >= ENDS,
            is_mandatory=share >= ALWAYS,
        )
        for touchpoint, support, starts, ends, share in rows
    )  # fmt: skip
    if not any(stage.is_entry for stage in found):
        raise DiscoveryError(
            f"entry: none of {', '.join(sorted(entry)) or 'the touchpoints'} begins {FEW} cases or more; name others"
        )
    return found


def _moves(
    connection: duckdb.DuckDBPyConnection, stages: tuple[DraftStage, ...], bounds: Bounds
) -> tuple[DraftMove, ...]:
    """Moves above the noise, and the strongest way on from each stage and to it, so that none lies apart."""
    rows = connection.execute(
        """
        with moves as (
            select touchpoint as start, following as goal, count(*) as moves,
                count(distinct (customer_id, case_row)) as cases
            from visits where following is not null and not list_contains($terminal, touchpoint) group by all
        ),
        weighed as (
            select *, moves / sum(moves) over (partition by start) as confidence,
                row_number() over (partition by start order by moves desc, goal) = 1 as is_first_out,
                row_number() over (partition by goal order by moves desc, start) = 1
                    and not list_contains($entry, goal) as is_first_in
            from moves
        )
        select start, goal, cases, confidence from weighed
        where cases >= $few and (confidence >= $confidence or is_first_out or is_first_in)
        """,
        {
            "terminal": [s.touchpoint for s in stages if s.is_terminal],
            "entry": [s.touchpoint for s in stages if s.is_entry],
            **{"confidence": bounds.min_confidence, "few": FEW},
        },
    ).fetchall()
    place = {stage.touchpoint: number for number, stage in enumerate(stages)}
    return tuple(sorted((DraftMove(*row) for row in rows), key=lambda m: (place[m.start], place[m.end])))
