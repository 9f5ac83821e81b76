"""A company of `examples/`, and what happened between it and its customers, as journey facts.

Put here: building an example, reading its instances. Keep out: what happened and what is expected (test_example_*.py).
"""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
from warehouse import INTERACTIONS, JourneyWarehouse

from pipelines.journeys.spec import load_journeys
from quality.company import Company, load_company

EXAMPLES = Path(__file__).parent / "examples"
START = datetime(2026, 3, 2, 8)
AS_OF = START + timedelta(days=100)


def make_id(text: str) -> str:
    """The id that stands for a name."""
    return str(uuid.UUID(hashlib.md5(text.encode()).hexdigest()))


def _interaction(company: Company, number: int, who: str, hours: float, touchpoint: str, order=None, **attributes):
    declared = company.touchpoints[touchpoint]
    return {
        **{"interaction_id": make_id(f"{company.company}{number}"), "customer_id": make_id(who)},
        "touchpoint": touchpoint,
        **{"occurred_at": START + timedelta(hours=hours), "priority": 50, "slot": 1, "business_model": "b2c"},
        **{"channel": declared.channel, "is_online": declared.is_online, "assisted": declared.assisted},
        **{"attributes": json.dumps(attributes), "order_key": order and f"booking:{order}"},
    }


def build_example(warehouse: JourneyWarehouse, name: str, happened: list[tuple]) -> JourneyWarehouse:
    """Build the journeys of `examples/<name>` over interactions told as (who, hours, touchpoint, booking, attributes).

    Booking and attributes may be left out.
    """
    company = load_company(EXAMPLES / name)
    rows = []
    for number, (who, hours, touchpoint, *order_and_attributes) in enumerate(happened):
        order = next((x for x in order_and_attributes if isinstance(x, str)), None)
        attributes = next((x for x in order_and_attributes if isinstance(x, dict)), {})
        rows.append(_interaction(company, number, who, hours, touchpoint, order, **attributes))
    journeys = load_journeys(company.journeys_dir, company.touchpoints)
    warehouse.load(journeys, pa.Table.from_pylist(rows, schema=INTERACTIONS), AS_OF)
    facts = ("fct_journeys", "fct_journey_stages", "fct_journey_transitions")
    assert warehouse.build(*facts, "mart_journey_outside") == []
    return warehouse


def read_instances(warehouse: JourneyWarehouse, *names: str) -> dict[str, list[tuple]]:
    """who -> (path, outcome, channels, whether online and offline) of each of their instances."""
    who = {make_id(name): name for name in names}
    found: dict[str, list[tuple]] = {}
    for customer, *facts in warehouse.read("""
        select customer_id, path, outcome, channels, is_mixed from m.marts.fct_journeys order by started_at, path"""):
        found.setdefault(who[str(customer)], []).append(tuple(facts))
    return found
