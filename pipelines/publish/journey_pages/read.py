"""The figures of a journey, read from the published file.

Put here: which tables a figure is from. Keep out: drawing, any file but the published one.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import duckdb

from pipelines.publish.journey_pages.figures import (
    DRAWN_VISITS,
    LOST_OUTCOMES,
    Driver,
    Dropouts,
    Gap,
    Hotspot,
    JourneyFigures,
    Move,
    Stage,
    Step,
    Version,
)
from pipelines.publish.journey_pages.figures import Path as Walk
from pipelines.publish.publish import OFFLINE, PublishError

MOST_VARIANTS = 25  # in the table of paths
VERSIONS = """
    select
        d.journey_id, d.journey_key, d.version, d.status, d.is_current, d.name, d.job_to_be_done, d.use_case,
        d.owner_function, d.entity,
        (select count(*) from marts.dim_journey_stages as s where s.journey_key = d.journey_key) as stages
    from marts.dim_journeys as d
    order by d.journey_id, d.version
"""
OUTCOMES = """
    select journey_key, outcome, count(*) as instances
    from marts.fct_journeys
    where outcome <> 'void'
    group by all
    order by instances desc, outcome
"""
SPAN = """
    select
        count(distinct coalesce(cast(customer_id as varchar), account_key)) as customers,
        min(started_at) as first_at, max(last_interaction_at) as last_at
    from marts.fct_journeys
    where journey_key = $key and outcome <> 'void'
"""
STAGES = """
    with moods as (
        select v.stage_id, count(v.sentiment) as answers
        from marts.fct_journey_stages as v
        inner join marts.fct_journeys as j on v.instance_id = j.instance_id
        where v.journey_key = $key and j.outcome <> 'void'
        group by all
    )

    select
        s.stage_id, s.stage_no, s.name, s.is_mandatory, s.is_moment_of_truth, s.terminal_outcome, s.sla_s, s.expects,
        m.instances as reached, m.visits, coalesce(e.instances, 0) as entries,
        m.csat, coalesce(m.csat_visits, 0) as csat_answers, m.effort, coalesce(m.effort_visits, 0) as effort_answers,
        m.sentiment, coalesce(f.answers, 0) as sentiment_answers,
        coalesce(m.sla_breaches, 0) as sla_breaches, coalesce(m.sla_visits, 0) as sla_visits,
        m.p50_s, m.p90_s, m.wait_share
    from marts.dim_journey_stages as s
    inner join marts.mart_journey_map as m
        on s.journey_key = m.journey_key and m.kind = 'stage' and s.stage_id = m.to_stage
    left join marts.mart_journey_map as e
        on s.journey_key = e.journey_key and e.kind = 'start' and s.stage_id = e.to_stage
    left join moods as f on s.stage_id = f.stage_id
    where s.journey_key = $key
    order by s.stage_no
"""
MOVES = """
    select from_stage, to_stage, visits as moves, is_declared, p50_s as median_s
    from marts.mart_journey_map
    where journey_key = $key and kind = 'move'
    order by moves desc, from_stage_no, to_stage_no
"""
GAPS = """
    select stage_id, metric, expected, measured, is_met, visits
    from marts.mart_journey_expectation_gap
    where journey_key = $key
    order by stage_no, metric
"""
DRIVERS = """
    select stage_id, feature, feature_value, visits, dropped, rate_with, rate_without, excess
    from marts.mart_journey_dropout_drivers
    where journey_key = $key and is_driver
    order by driver_no
"""
DROPOUTS = """
    select last_stage as stage_id, last_channel, business_model, dropouts, value_at_stake
    from marts.mart_journey_dropout_counts
    where journey_key = $key
    order by dropouts desc, stage_no, last_channel, business_model
"""
FUNNEL = """
    select
        step_no, stage_name,
        sum(previous_instances) filter (kind = 'ordered') as previous,
        sum(instances) filter (kind = 'ordered') as ordered,
        sum(instances) filter (kind = 'strict') as strict,
        sum(instances) filter (kind = 'any') as "any"
    from marts.mart_journey_funnel
    where journey_key = $key
    group by all
    order by step_no
"""
PATHS = """
    select
        list_slice(string_split(path, '>'), 1, $visits) as stages, visits > $visits as is_longer, outcome,
        count(*) as instances
    from marts.fct_journeys
    where journey_key = $key and outcome <> 'void'
    group by all
    order by instances desc, stages, outcome
"""
VARIANTS = """
    select string_split(path, '>') as stages, false as is_longer, outcome, count(*) as instances, count(*) over () as n
    from marts.fct_journeys
    where journey_key = $key and outcome <> 'void'
    group by all
    order by instances desc, stages, outcome
    limit $most
"""
ENDS = """
    select from_stage as stage_id, trim(to_stage, '()') as outcome, instances
    from marts.mart_journey_graph
    where journey_key = $key and kind = 'end'
    order by instances desc, outcome
"""
HOTSPOTS = """
    select
        hotspot_no, measure, string_split(place, '>') as place, channel, business_model, week, n, observed, baseline,
        customers_lost, value_lost, q_value
    from marts.mart_journey_hotspots
    where journey_key = $key and is_hotspot
    order by hotspot_no
"""
TESTED = "select count(p_value) as cells from marts.mart_journey_hotspots where journey_key = $key"
TIMES = """
    select journey_key, median(duration_s) as median_s
    from marts.fct_journeys
    where outcome not in (select unnest($not_goals))
    group by all
"""
ANSWERS = """
    select v.journey_key, avg(v.csat) as csat, count(v.csat) as csat_answers
    from marts.fct_journey_stages as v
    inner join marts.fct_journeys as j on v.instance_id = j.instance_id
    where j.outcome <> 'void'
    group by all
"""


def read_journeys(published: Path, journey_id: str | None = None) -> list[JourneyFigures]:
    """The figures of every journey, or of one; of each the current version, else the highest.

    Raises:
        PublishError: nothing is published yet, or no journey has that id.
    """
    if not published.is_file():
        raise PublishError(f"{published}: nothing is published yet; run `c360 run` first")
    with duckdb.connect(str(published), read_only=True, config=OFFLINE) as connection:
        rows = _rows(connection, VERSIONS)
        known = list(dict.fromkeys(row["journey_id"] for row in rows))
        if journey_id is not None and journey_id not in known:
            raise PublishError(f"{journey_id}: no such journey is published; there are {', '.join(known) or 'none'}")
        asked = known if journey_id is None else [journey_id]
        return [_read(connection, [row for row in rows if row["journey_id"] == name]) for name in asked]


def _read(connection: duckdb.DuckDBPyConnection, rows: list[dict]) -> JourneyFigures:
    """The figures of one journey; rows: its versions, lowest first."""
    outcomes: dict[str, dict[str, int]] = defaultdict(dict)
    for row in _rows(connection, OUTCOMES):
        outcomes[row["journey_key"]][row["outcome"]] = row["instances"]
    times = {
        row["journey_key"]: row for row in _rows(connection, TIMES, not_goals=["in_progress", "void", *LOST_OUTCOMES])
    }
    answers = {row["journey_key"]: row for row in _rows(connection, ANSWERS)}
    versions = tuple(
        Version(
            **{name: row[name] for name in ("version", "status", "is_current", "stages")},
            outcomes=outcomes[row["journey_key"]],
            median_s=times.get(row["journey_key"], {}).get("median_s"),
            csat=answers.get(row["journey_key"], {}).get("csat"),
            csat_answers=answers.get(row["journey_key"], {}).get("csat_answers", 0),
        )
        for row in rows
    )
    place = next((n for n, version in enumerate(versions) if version.is_current), len(versions) - 1)
    key = {"key": rows[place]["journey_key"]}
    [span] = _rows(connection, SPAN, **key)
    told = ("journey_id", "name", "job_to_be_done", "use_case", "owner_function", "entity")
    variants = _rows(connection, VARIANTS, **key, most=MOST_VARIANTS)
    return JourneyFigures(
        **{name: rows[place][name] for name in told},
        **span,
        shown=versions[place],
        versions=versions,
        stages=_read_stages(connection, key),
        moves=tuple(Move(**row) for row in _rows(connection, MOVES, **key)),
        funnel=tuple(
            Step(**{n: v if n == "stage_name" else int(v) for n, v in row.items()})
            for row in _rows(connection, FUNNEL, **key)
        ),
        paths=_paths(_rows(connection, PATHS, **key, visits=DRAWN_VISITS)),
        variants=_paths(variants),
        variant_count=variants[0]["n"] if variants else 0,
        dropouts=tuple(Dropouts(**row) for row in _rows(connection, DROPOUTS, **key)),
        gaps=tuple(Gap(**row) for row in _rows(connection, GAPS, **key)),
        drivers=tuple(Driver(**row) for row in _rows(connection, DRIVERS, **key)),
        hotspots=tuple(Hotspot(**{**row, "place": tuple(row["place"])}) for row in _rows(connection, HOTSPOTS, **key)),
        tested_cells=_rows(connection, TESTED, **key)[0]["cells"],
    )


def _paths(rows: list[dict]) -> tuple[Walk, ...]:
    return tuple(Walk(tuple(row["stages"]), row["is_longer"], row["outcome"], row["instances"]) for row in rows)


def _read_stages(connection: duckdb.DuckDBPyConnection, key: dict[str, str]) -> tuple[Stage, ...]:
    ended: dict[str, dict[str, int]] = defaultdict(dict)
    for row in _rows(connection, ENDS, **key):
        ended[row["stage_id"]][row["outcome"]] = row["instances"]
    return tuple(
        Stage(**{**row, "expects": json.loads(row["expects"] or "{}")}, ended=ended[row["stage_id"]])
        for row in _rows(connection, STAGES, **key)
    )


def _rows(connection: duckdb.DuckDBPyConnection, query: str, **named: object) -> list[dict]:
    found = connection.execute(query, named or None)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
