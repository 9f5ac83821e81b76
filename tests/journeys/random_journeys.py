"""Random journeys, and random interactions made to hit the edges of what a journey may say.

Put here: samples of many. Keep out: what a file says (random_documents.py), what comes of it (interpreter.py).
The edges: many interactions at one instant, exactly at a deadline and a microsecond after it, keys that are missing,
keys that several customers have, accounts of several customers, interactions of nobody.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
from interpreted_rows import uuid_of
from random_documents import TOUCHPOINTS, SeededDice, journey_by
from warehouse import INTERACTIONS

from pipelines.journeys.model import Journey

START = datetime(2026, 1, 1)
GAPS_MIN = (0, 15, 30, 60, 120, 1440, 4320)  # sums of them meet every duration of random_documents
LATE = (timedelta(0), timedelta(microseconds=1), timedelta(seconds=1))


def draw_journey(rng: np.random.Generator, number: int, folder: Path) -> Journey:
    """One journey through its YAML file; its number decides re-entry, entity and key: 18 in a row have them all."""
    return journey_by(SeededDice(rng), number, folder)


def draw_interactions(rng: np.random.Generator, customers: int) -> pa.Table:
    """About 15 interactions a customer, on a grid of a quarter of an hour; one in fifty belongs to nobody."""
    rows = customers * 15
    customer = rng.integers(0, customers, rows)
    gaps = rng.choice(GAPS_MIN, rows, p=[0.15, 0.3, 0.15, 0.15, 0.1, 0.1, 0.05])
    late = rng.choice(len(LATE), rows, p=[0.8, 0.1, 0.1])
    money = rng.choice([None, *range(1, 400)], (2, rows))
    channel = rng.choice(["web", "store", "chat", None], rows, p=[0.5, 0.25, 0.2, 0.05])
    known = rng.random((2, rows))
    return (
        pa.table(
            {
                "interaction_id": [uuid_of(f"i{n}") for n in rng.permutation(rows)],
                "customer_id": [
                    None if k < 0.02 else uuid_of(f"c{c}") for c, k in zip(customer, known[0], strict=True)
                ],
                # Four customers share an account, and some act for the next one too.
                "account_key": [
                    None if k < 0.4 else f"crm:{c // 4 + (k > 0.9)}" for c, k in zip(customer, known[1], strict=True)
                ],
                "touchpoint": rng.choice(list(TOUCHPOINTS), rows),
                "occurred_at": [
                    START + timedelta(minutes=int(m)) + LATE[n]
                    for m, n in zip(_minutes(customer, gaps), late, strict=True)
                ],
                "priority": rng.choice([10, 50], rows),
                "sequence": [None if s == 0 else int(s) for s in rng.integers(0, 4, rows)],
                "slot": rng.integers(1, 3, rows),
                "channel": channel,
                "is_online": channel != "store",
                "assisted": channel == "chat",
                "business_model": rng.choice(["b2b", "b2c"], rows),
                **{name: [m and Decimal(m) / 4 for m in money[n]] for n, name in enumerate(("value", "cost"))},
                "attributes": _attributes(rng, rows),
                "order_key": rng.choice(["shop:1", "shop:2", "shop:3", None], rows),
                "case_key": rng.choice(["desk:1", "desk:2", None, None], rows),
            }
        )
        .select(INTERACTIONS.names)
        .cast(INTERACTIONS)
    )


def _minutes(customer: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """The gaps of each customer, summed up from nought."""
    order = np.argsort(customer, kind="stable")
    total = np.cumsum(gaps)
    first = np.searchsorted(customer[order], np.arange(customer.max() + 1))
    minutes = np.empty(len(gaps), dtype=np.int64)
    minutes[order] = total - total[np.minimum(first, len(gaps) - 1)][customer[order]]
    return minutes


def _attributes(rng: np.random.Generator, rows: int) -> list[str | None]:
    """Flat JSON of texts, numbers and flags; one that is null is as missing as one that is not there."""
    sizes = [{"size": 1}, {"size": 2}, {"size": 3}, {"size": None}, {}]
    paid = [{"paid": "yes"}, {"paid": "no"}, {"paid": True}, {}]
    trips = [{"trip": "x"}, {"trip": "y"}, {"trip": 3}, {"trip": None}, {}]
    drawn = zip(*(rng.integers(0, len(kind), rows) for kind in (sizes, paid, trips)), strict=True)
    told = [sizes[s] | paid[p] | trips[t] for s, p, t in drawn]
    return [json.dumps(attributes) if attributes else None for attributes in told]
