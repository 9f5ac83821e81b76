"""What plain pandas takes for stage visits of the same interactions: what somebody would write first.

It knows stages and inactivity alone (no entry, condition, exit, exclusion, other deadline, survey), so it does less.

Put here: the peer of journeys. Keep out: our own models (journeys.py), Splink and scipy (identity.py).
"""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pandas as pd

INTERACTIONS = """
    select customer_id, touchpoint, channel, occurred_at, cast(value as double) as value from inbox.interactions"""
STAGES = """
    select r.journey_no, r.touchpoint, min(r.stage_no) as stage_no, coalesce(min(j.inactivity_s), 1e12) as inactivity_s
    from control.journey_rules as r join control.journeys as j using (journey_no) where r.kind = 'stage' group by all"""


def time_pandas(warehouse: Path) -> float:
    """Seconds from interactions in memory to visits in memory."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        interactions, stages = (connection.execute(query).df() for query in (INTERACTIONS, STAGES))
    started = time.perf_counter()
    place_visits(interactions, stages)
    return time.perf_counter() - started


def place_visits(interactions: pd.DataFrame, stages: pd.DataFrame) -> pd.DataFrame:
    """One row per visit: an instance ends with a pause, a visit with another stage."""
    rows = interactions.merge(stages, on="touchpoint").sort_values(
        ["customer_id", "journey_no", "occurred_at"], kind="stable"
    )
    walker = rows[["customer_id", "journey_no"]]
    begins = (walker != walker.shift()).any(axis=1)
    begins |= rows["occurred_at"].diff().dt.total_seconds() > rows["inactivity_s"]
    moves = begins | (rows["stage_no"] != rows["stage_no"].shift())
    visits = rows.groupby(moves.cumsum().to_numpy()).agg(
        customer_id=("customer_id", "first"),
        journey_no=("journey_no", "first"),
        stage_no=("stage_no", "first"),
        entered_at=("occurred_at", "first"),
        last_at=("occurred_at", "last"),
        interactions=("occurred_at", "size"),
        channels=("channel", "nunique"),
        value=("value", "sum"),
    )
    visits["instance_no"] = begins.cumsum()[moves].to_numpy()
    visits["duration_s"] = (visits["last_at"] - visits["entered_at"]).dt.total_seconds()
    return visits
