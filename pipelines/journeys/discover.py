"""A journey as customers walk it, found in what they did: its stages and moves, where it begins and ends.

Put here: what is proposed, and where noise ends. Keep out: how events become cases (cases.py), the file (draft.py).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import duckdb

from pipelines.journeys.cases import (
    FEW,
    begin_cases,
    collect_events,
    end_cases,
    find_by_the_way,
    find_ends,
    keep_used,
    part_cases,
)

ALWAYS = 0.9  # share of complete cases that visit a stage, from which on it is taken for mandatory


class DiscoveryError(ValueError):
    """Nothing can be proposed; says what was looked at and what to ask for instead."""


@dataclass(frozen=True)
class Bounds:
    """What is noise: a stage of fewer cases, a move by less of what follows its stage, stages beyond the most used."""

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
    """What was found; a case is what one customer did between two silences, to its end where it has one."""

    cases: int
    customers: int
    first_at: datetime
    last_at: datetime
    use_case: str | None  # the one asked for, else the most frequent one of the cases
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
    bounds: Bounds | None = None,
) -> Draft:
    """Propose a journey from interactions.

    Args:
        connection: where temporary tables may be made.
        interactions: relation with the columns of `fct_interactions`.
        touchpoints: those that may become stages.
        entry: touchpoints a case begins with; what lies before the first of them is left out. None: those that begin
            `min_confidence` of the cases.
        use_case: only interactions of this one. None: of that most interactions of the entries have; without entries
            of all.
    Raises:
        DiscoveryError: too few cases, or none begins with an entry.
    Source: directly-follows graph with relative thresholds (Leemans 2014, Inductive Miner infrequent); before it,
    touchpoints that come by the way, whatever was before and comes after, are left out.
    """
    bounds = bounds or Bounds()
    if entry and use_case is None:
        use_case = _most_frequent(connection, interactions, entry)
    collect_events(connection, interactions, touchpoints, use_case)
    part_cases(connection)
    if by_the_way := find_by_the_way(connection) - set(entry):
        collect_events(connection, interactions, set(touchpoints) - by_the_way, use_case)
    inactivity_s, within = part_cases(connection)
    terminal = find_ends(connection)
    end_cases(connection, terminal)
    if entry:
        begin_cases(connection, entry)
    keep_used(connection, entry, bounds.min_support, bounds.max_stages)
    cases, customers, first_at, last_at, common = connection.execute("""
        select count(distinct (customer_id, case_row)), count(distinct customer_id), min(occurred_at), max(occurred_at),
            (select use_case from visits where use_case is not null group by 1 order by count(*) desc, 1 limit 1)
        from visits
    """).fetchall()[0]
    if cases < FEW:
        raise DiscoveryError(
            f"fct_interactions: {cases} cases to learn from; needed: {FEW} at least; "
            "ask for another use case or other entry touchpoints, or land more data"
        )
    stages = _stages(connection, cases, terminal, entry, bounds)
    moves = _moves(connection, stages, bounds)
    return Draft(cases, customers, first_at, last_at, use_case or common, inactivity_s, within, stages, moves)


def _most_frequent(connection: duckdb.DuckDBPyConnection, interactions: str, entry: Collection[str]) -> str | None:
    found = connection.execute(
        f"select use_case from {interactions} where list_contains(?, touchpoint) and use_case is not null "
        "group by use_case order by count(*) desc, use_case limit 1",
        [list(entry)],
    ).fetchall()
    return found[0][0] if found else None


def _stages(
    connection: duckdb.DuckDBPyConnection, cases: int, terminal: Collection[str], entry: Collection[str], bounds: Bounds
) -> tuple[DraftStage, ...]:
    """In the order in which cases first come to them, ends last."""
    rows = connection.execute(
        """
        with seen as (
            select touchpoint, customer_id, case_row, min(visit_no) as first_no, count(*) as visits,
                count(case when following is null then 1 end) as ends
            from visits group by all
        ),
        complete as (
            select distinct customer_id, case_row from seen where list_contains($terminal, touchpoint)
        ),
        usual as (
            select touchpoint, count(*) / any_value(completed) as share
            from seen semi join complete using (customer_id, case_row)
            cross join (select count(*) as completed from complete) group by touchpoint
        ),
        summed as (
            select touchpoint, count(*) / $cases as support,
                count(case when first_no = 1 then 1 end) / $cases as starts,
                sum(ends) / sum(visits) as ends, avg(first_no) as place
            from seen group by touchpoint
        )
        select touchpoint, support, starts, ends,
            case when len($terminal) = 0 then support else coalesce(share, 0) end
        from summed left join usual using (touchpoint)
        order by list_contains($terminal, touchpoint), place, touchpoint
        """,
        {"terminal": list(terminal), "cases": cases},
    ).fetchall()
    found = tuple(
        DraftStage(
            touchpoint, support, starts, ends,
            is_entry=touchpoint in entry if entry else starts >= bounds.min_confidence,
            is_terminal=touchpoint in terminal,
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
            from visits where following is not null group by all
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
            "entry": [stage.touchpoint for stage in stages if stage.is_entry],
            **{"confidence": bounds.min_confidence, "few": FEW},
        },
    ).fetchall()
    place = {stage.touchpoint: number for number, stage in enumerate(stages)}
    return tuple(sorted((DraftMove(*row) for row in rows), key=lambda m: (place[m.start], place[m.end])))
