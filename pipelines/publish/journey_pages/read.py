"""The figures of a journey, read from the published file.

Put here: running the queries, and what comes of them. Keep out: SQL (queries.py), drawing, any other file.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import duckdb

from pipelines.publish.journey_pages import queries
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
from pipelines.publish.publish import PublishError
from quality.storage import opening

MOST_VARIANTS = 25  # in the table of paths


def read_journeys(published: Path, journey_id: str | None = None) -> list[JourneyFigures]:
    """The figures of every journey, or of one; of each the current version, else the highest.

    Raises:
        PublishError: nothing is published yet, or no journey has that id.
    """
    if not published.is_file():
        raise PublishError(f"{published}: nothing is published yet; run `c360 run` first")
    with duckdb.connect(str(published), read_only=True, config=opening()) as connection:
        rows = _rows(connection, queries.JOURNEYS)
        known = list(dict.fromkeys(row["journey_id"] for row in rows))
        if journey_id is not None and journey_id not in known:
            raise PublishError(f"{journey_id}: no such journey is published; there are {', '.join(known) or 'none'}")
        asked = known if journey_id is None else [journey_id]
        return [_read(connection, [row for row in rows if row["journey_id"] == name]) for name in asked]


def _read(connection: duckdb.DuckDBPyConnection, rows: list[dict]) -> JourneyFigures:
    """The figures of one journey; rows: its versions, lowest first."""
    not_goals = ["in_progress", *LOST_OUTCOMES]
    found = _rows(connection, queries.VERSIONS, id=rows[0]["journey_id"], not_goals=not_goals)
    versions = tuple(Version(**row) for row in found)
    place = next((n for n, version in enumerate(versions) if version.is_current), len(versions) - 1)
    told = dict(rows[place])
    key = {"key": told.pop("journey_key")}
    [span] = _rows(connection, queries.SPAN, **key)
    [tested] = _rows(connection, queries.TESTED, **key)
    variants = _rows(connection, queries.VARIANTS, **key, most=MOST_VARIANTS)
    return JourneyFigures(
        **told,
        **span,
        shown=versions[place],
        versions=versions,
        stages=_read_stages(connection, key),
        moves=tuple(Move(**row) for row in _rows(connection, queries.MOVES, **key)),
        funnel=tuple(
            Step(**{n: v if n == "stage_name" else int(v) for n, v in row.items()})
            for row in _rows(connection, queries.FUNNEL, **key)
        ),
        paths=_paths(_rows(connection, queries.PATHS, **key, visits=DRAWN_VISITS)),
        variants=_paths(variants),
        variant_count=variants[0]["n"] if variants else 0,
        dropouts=tuple(Dropouts(**row) for row in _rows(connection, queries.DROPOUTS, **key)),
        gaps=tuple(Gap(**row) for row in _rows(connection, queries.GAPS, **key)),
        drivers=tuple(Driver(**row) for row in _rows(connection, queries.DRIVERS, **key)),
        hotspots=tuple(
            Hotspot(**{**row, "place": tuple(row["place"])}) for row in _rows(connection, queries.HOTSPOTS, **key)
        ),
        tested_cells=tested["cells"],
    )


def _paths(rows: list[dict]) -> tuple[Walk, ...]:
    return tuple(Walk(tuple(row["stages"]), row["is_longer"], row["outcome"], row["instances"]) for row in rows)


def _read_stages(connection: duckdb.DuckDBPyConnection, key: dict[str, str]) -> tuple[Stage, ...]:
    ended: dict[str, dict[str, int]] = defaultdict(dict)
    for row in _rows(connection, queries.ENDS, **key):
        ended[row["stage_id"]][row["outcome"]] = row["instances"]
    return tuple(
        Stage(**{**row, "expects": json.loads(row["expects"] or "{}")}, ended=ended[row["stage_id"]])
        for row in _rows(connection, queries.STAGES, **key)
    )


def _rows(connection: duckdb.DuckDBPyConnection, query: str, **named: object) -> list[dict]:
    found = connection.execute(query, named or None)
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
