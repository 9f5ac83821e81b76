"""A published file with journeys that were walked back and forth, and names that want to be HTML.

Put here: what was walked, and the dbt models over it. Keep out: expectations.
"""

from __future__ import annotations

import hashlib
import shutil
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import yaml

from pipelines.journeys.spec import load_journeys
from quality.company import Touchpoint
from tests.journeys.warehouse import INTERACTIONS, SURVEYS, JourneyWarehouse

HOSTILE = '<script>alert("walked")</script> & <b>Co</b>'
STAGES = ("search", "choose", "book", "check_in", "fly", "connect", "arrive")
TOUCHPOINTS = {name: Touchpoint(name, name) for name in (*STAGES, "launch", "land")}
CUSTOMERS = 400
AS_OF = datetime(2026, 3, 1)
TRIP = {
    **{"journey": "trip", "version": 1, "status": "approved", "name": f"Take a trip {HOSTILE}"},
    **{"use_case": "exploration", "job_to_be_done": HOSTILE, "owner": {"function": "travel"}},
    **{"entry": {"touchpoints": ["search", "book"]}, "timeouts": {"inactivity": "6d"}},
    "stages": [
        {"id": name, "name": f"{name} {HOSTILE}", "touchpoints": [name], "mandatory": name != "connect"}
        for name in STAGES[:-1]
    ]
    + [{"id": "arrive", "touchpoints": ["arrive"], "terminal": "arrived"}],
}
BOOK = {
    **{"journey": "booking", "version": 1, "status": "approved", "name": "Book", "use_case": "acquisition"},
    **{"entry": {"touchpoints": ["search"]}, "timeouts": {"inactivity": "5d"}},
    "stages": [
        {"id": "search", "touchpoints": ["search"]},
        {"id": "choose", "touchpoints": ["choose"], "sla": "1d", "moment_of_truth": True, "expects": {"csat": 4.5}},
        {"id": "pay", "name": f"Pay {HOSTILE}", "touchpoints": ["book"], "terminal": "converted"},
    ],
}
UNUSED = {
    **{"journey": "unused", "version": 1, "status": "assumed", "name": "Fly to the moon", "use_case": "exploration"},
    "entry": {"touchpoints": ["launch"]},
    "stages": [
        {"id": "launch", "touchpoints": ["launch"]},
        {"id": "land", "touchpoints": ["land"], "terminal": "landed"},
    ],
}
NEXT_BOOK = {**BOOK, "version": 2, "status": "future", "timeouts": {"inactivity": "1d"}}


def published_journeys(base: Path) -> Path:
    """A published file, built once per test session; read it, never change it."""
    published = base / "walked_journeys.duckdb"
    if not published.exists():
        warehouse = JourneyWarehouse(base / "walked_journeys")
        folder = base / "walked_journeys" / "declared"
        folder.mkdir()
        for journey in (TRIP, BOOK, NEXT_BOOK, UNUSED):
            (folder / f"{journey['journey']}_{journey['version']}.yml").write_text(yaml.safe_dump(journey))
        warehouse.load(load_journeys(folder, TOUCHPOINTS), _walk(), AS_OF, _answer())
        faults = warehouse.build(command="run")
        assert faults == []
        shutil.copyfile(warehouse.marts, published)
    return published


def _walk() -> pa.Table:
    """Customers go on, skip, turn back, give up; two channels; some still under way."""
    rng = np.random.default_rng(4)
    rows = []
    for customer in range(CUSTOMERS):
        stage, at = (
            int(rng.choice([0, 2], p=[0.9, 0.1])),
            datetime(2026, 2, 1) + timedelta(hours=int(rng.integers(600))),
        )
        for _ in range(14):
            rows.append(
                {
                    **{"interaction_id": _id(f"i{len(rows)}"), "customer_id": _id(f"c{customer}")},
                    **{"touchpoint": STAGES[stage], "occurred_at": at, "priority": 50, "slot": 1, "attributes": "{}"},
                    **{"channel": str(rng.choice(["web", "store"])), "is_online": True, "assisted": False},
                    "business_model": "b2b" if customer % 5 == 0 else "b2c",
                }
            )
            step = int(rng.choice([1, 2, -1, 0], p=[0.68, 0.1, 0.14, 0.08]))
            if step == 0 or stage == len(STAGES) - 1:
                break
            stage = min(max(stage + step, 0), len(STAGES) - 1)
            at += timedelta(minutes=int(rng.lognormal(6, 1)))
    return pa.Table.from_pylist(rows, schema=INTERACTIONS)


def _answer() -> pa.Table:
    """Many answers on choosing, three on paying: too few to tell a mean."""
    asked = [(customer, "choose") for customer in range(0, CUSTOMERS, 6)] + [(c, "book") for c in (1, 2, 3)]
    rows = [
        {
            **{"customer_id": _id(f"c{customer}"), "response_key": f"{customer}{touchpoint}", "metric": "csat"},
            **{"score_01": 0.5, "responded_at": datetime(2026, 2, 27), "touchpoint": touchpoint},
        }
        for customer, touchpoint in asked
    ]
    return pa.Table.from_pylist(rows, schema=SURVEYS)


def _id(text: str) -> str:
    return str(uuid.UUID(hashlib.md5(text.encode()).hexdigest()))
