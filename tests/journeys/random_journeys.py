"""Random journeys and random customers, made to hit ties, exact deadlines and stages that share touchpoints.

Put here: what is drawn. Keep out: what should come of it (interpreter.py).
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import yaml
from warehouse import INTERACTIONS

from pipelines.journeys.model import Journey
from pipelines.journeys.spec import read_journey
from quality.company import Touchpoint

TOUCHPOINTS = {name: Touchpoint(name, name, attributes=("size", "paid")) for name in "abcdefgh"}
START = datetime(2026, 1, 1)


def draw_journey(rng: np.random.Generator, number: int, folder: Path) -> Journey:
    """One journey with any supported feature, through its YAML file."""
    names = list(TOUCHPOINTS)
    stages = []
    for position in range(int(rng.integers(2, 7))):
        stage: dict = {"id": f"s_{position}", "touchpoints": _some(rng, names, 4)}
        if rng.random() < 0.3:
            stage["where"] = {"size": int(rng.integers(1, 3))} if rng.random() < 0.5 else {"paid": ["yes", "no"]}
            if rng.random() < 0.3:
                stage["where"] |= {"size": [1, 2], "paid": "yes"}
        if rng.random() < 0.25:
            stage["terminal"] = str(rng.choice(["converted", "declined"]))
        if rng.random() < 0.5:
            stage["sla"] = str(rng.choice(["15m", "45m", "1d"]))
        stages.append(stage | {"mandatory": bool(rng.random() < 0.7)})
    staged = sorted({t for s in stages for t in s["touchpoints"]})
    entry = _some(rng, staged, 3)
    document = {
        **{"journey": f"j{number}", "version": 1, "status": "approved", "name": "Drawn", "use_case": "exploration"},
        **{"entry": {"touchpoints": entry}, "stages": stages},
    }
    if rng.random() < 0.8:
        document["timeouts"] = {"inactivity": str(rng.choice(["30m", "2h", "1d", "3d"]))}
    if rng.random() < 0.6:
        free = [n for n in names if n not in entry]
        gone = {"touchpoints": _some(rng, names, 2), "where": {"size": 3}} if rng.random() < 0.5 or not free else None
        document["exits"] = [gone or {"touchpoints": _some(rng, free, 1)}]
    open_ids = [s["id"] for s in stages if "terminal" not in s]
    if rng.random() < 0.3 and open_ids:
        document["transitions"] = [[open_ids[0], s["id"]] for s in stages if s["id"] != open_ids[0]]
    file = folder / f"j{number}.yml"
    file.write_text(yaml.safe_dump(document))
    return read_journey(file, TOUCHPOINTS)


def draw_interactions(rng: np.random.Generator, customers: int) -> pa.Table:
    """About 15 interactions a customer, on a grid of a quarter of an hour, many at the same instant; one in fifty
    belongs to nobody."""
    rows = customers * 15
    customer = rng.integers(0, customers, rows)
    gaps = rng.choice([0, 15, 30, 60, 120, 1440, 4320], rows, p=[0.15, 0.3, 0.15, 0.15, 0.1, 0.1, 0.05])
    order = np.argsort(customer, kind="stable")
    minutes = np.empty(rows, dtype=np.int64)
    total = np.cumsum(gaps)
    first = np.searchsorted(customer[order], np.arange(customers))
    minutes[order] = total - total[np.minimum(first, rows - 1)][customer[order]]
    ids = [_uuid(f"i{n}") for n in rng.permutation(rows)]
    size, paid = rng.integers(1, 5, rows), rng.integers(0, 3, rows)
    attributes = [
        json.dumps(({"size": int(s)} if s < 4 else {}) | ([{"paid": "yes"}, {"paid": "no"}, {}][p]))
        for s, p in zip(size, paid, strict=True)
    ]
    channel = rng.choice(["web", "store", "chat"], rows)
    return pa.table(
        {
            "interaction_id": ids,
            "customer_id": [None if rng.random() < 0.02 else _uuid(f"c{c}") for c in customer],
            "touchpoint": rng.choice(list(TOUCHPOINTS), rows),
            "occurred_at": [START + timedelta(minutes=int(m)) for m in minutes],
            "priority": rng.choice([10, 50], rows),
            "sequence": [None if s == 0 else int(s) for s in rng.integers(0, 4, rows)],
            "slot": rng.integers(1, 3, rows),
            "channel": channel,
            "is_online": channel != "store",
            "assisted": channel == "chat",
            "business_model": rng.choice(["b2b", "b2c"], rows),
            "value": [None] * rows,
            "cost": [None] * rows,
            "attributes": attributes,
            "account_key": [None] * rows,
            "order_key": [None] * rows,
            "case_key": [None] * rows,
        }
    ).cast(INTERACTIONS)


def _some(rng: np.random.Generator, names: list[str], most: int) -> list[str]:
    count = int(rng.integers(1, min(most, len(names)) + 1))
    return [str(n) for n in rng.choice(names, count, replace=False)]


def _uuid(text: str) -> str:
    return str(uuid.UUID(hashlib.md5(text.encode()).hexdigest()))
