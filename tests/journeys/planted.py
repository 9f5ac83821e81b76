"""Interactions with effects planted in them, made by numpy, and the journeys they walk.

Put here: what is drawn and what is planted. Keep out: whether the marts find it (test_marts_*.py).
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import yaml
from warehouse import INTERACTIONS

from pipelines.journeys.model import Journey
from pipelines.journeys.spec import load_journeys
from quality.company import Touchpoint

START = datetime(2026, 1, 5)  # a Monday
DAY, WEEK = 86400, 7 * 86400


def chain(folder: Path, name: str, stages: int, inactivity: str) -> dict:
    """A journey of stages s1 … in a row, the last one terminal; each has a touchpoint of its own, `<name>_s1` …."""
    ids = [f"s{number}" for number in range(1, stages + 1)]
    document = {
        **{"journey": name, "version": 1, "status": "approved", "name": name, "use_case": "exploration"},
        **{"entry": {"touchpoints": [f"{name}_s1"]}, "timeouts": {"inactivity": inactivity}},
        "stages": [{"id": stage, "touchpoints": [f"{name}_{stage}"]} for stage in ids],
    }
    document["stages"][-1]["terminal"] = "converted"
    (folder / f"{name}.yml").write_text(yaml.safe_dump(document))
    return document


def read_chains(folder: Path, documents: list[dict]) -> list[Journey]:
    """The journeys of a folder, over the touchpoints they name."""
    names = [t for d in documents for s in d["stages"] for t in s["touchpoints"]]
    return load_journeys(folder, {name: Touchpoint(name, name) for name in names})


def interactions(customer, touchpoint, second, channel="web", business_model="b2c", value=None, prefix="") -> pa.Table:
    """Rows for `JourneyWarehouse.load`; arrays of one length, or one value for all of them.

    Args:
        customer: numbers; equal ones are one customer.
        prefix: keeps ids apart where tables are put together.
        second: whole seconds after START; rows at or after the as-of instant do not count.
    """
    columns = {
        "customer": np.asarray(customer),
        "touchpoint": np.asarray(touchpoint),
        "second": np.asarray(second, dtype=np.int64),
        "channel": np.broadcast_to(np.asarray(channel), len(customer)),
        "business_model": np.broadcast_to(np.asarray(business_model), len(customer)),
        "value": np.broadcast_to(np.asarray(np.nan if value is None else value, dtype=float), len(customer)),
    }
    given = pa.table({name: pa.array(column) for name, column in columns.items()})
    with duckdb.connect() as con:
        con.register("given", given)
        made = con.sql(f"""
            select md5('{prefix}i' || row_number() over ())::uuid::varchar as interaction_id,
                md5('c' || customer)::uuid::varchar as customer_id, touchpoint,
                timestamp '{START}' + to_seconds(second) as occurred_at, 50 as priority, 1 as slot, channel,
                channel <> 'store' as is_online, channel = 'call_centre' as assisted, business_model,
                case when not isnan(value) then value end as value, '{{}}' as attributes
            from given""").to_arrow_table()
    for field in INTERACTIONS:
        if field.name not in made.column_names:
            made = made.append_column(field.name, pa.nulls(len(made), field.type))
    return made.select(INTERACTIONS.names).cast(INTERACTIONS)


def walks(
    rng: np.random.Generator, name: str, customers: np.ndarray, weeks: int, slow: bool = False, cause: str = ""
) -> dict:
    """Walks through a chain of three stages over `weeks`, back from the second to the first now and then, about a
    quarter lost in each; stays are exponential with a mean of a day. Channel and segment mean nothing, except where
    `slow`: then first visits by b2b customers on call_centre in the fourth week take six times as long. Of visits of
    the first stage on channel `cause` half are lost.

    Returns:
        columns for `interactions`: customer, touchpoint, second, channel, business_model, value.
    """
    found: list[dict] = []
    segment = rng.choice(["b2b", "b2c"], len(customers))
    second = rng.integers(0, weeks * WEEK, len(customers))
    stage, walking = np.ones(len(customers), dtype=int), np.ones(len(customers), dtype=bool)
    for _ in range(9):
        channel = rng.choice(["web", "store", "chat", "app", "call_centre"], len(customers))
        found.append(
            {
                "customer": customers[walking],
                "touchpoint": np.array([f"{name}_s1", f"{name}_s2", f"{name}_s3"])[stage - 1][walking],
                **{"second": second[walking], "channel": channel[walking], "business_model": segment[walking]},
                "value": np.where(stage == 3, 100.0, np.nan)[walking],
            }
        )
        planted = slow & (stage == 1) & (channel == "call_centre") & (segment == "b2b") & (second // WEEK == 3)
        second = second + 1 + (rng.exponential(np.where(planted, 6.0, 1.0)) * DAY).astype(np.int64)
        dice = rng.random(len(customers))
        walking = walking & (stage < 3) & (dice < np.where((stage == 1) & (channel == cause), 0.5, 0.75))
        stage = np.where(stage == 1, 2, np.where(dice > 0.62, 1, 3))
    return {key: np.concatenate([rows[key] for rows in found]) for key in found[0]}
