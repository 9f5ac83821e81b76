"""Walking sequences written down as dicts, for the tests of the walk: one call of `walk_journeys` for all of them."""

from __future__ import annotations

from uuid import UUID

import pyarrow as pa

from pipelines.journeys.walk import walk_journeys
from pipelines.journeys.walk_spans import ID

INPUT = pa.schema(
    {
        **{"entity_id": ID, "journey_no": pa.int32(), "interaction_id": ID, "occurred_at": pa.timestamp("us")},
        **{"candidates": pa.int64(), "roles": pa.int64(), "exclusions": pa.int64(), "correlation_key": pa.string()},
        **{"account_key": pa.string(), "channel_set": pa.int64(), "value_cents": pa.int64(), "cost_cents": pa.int64()},
    }
)
DEFAULTS = {"channel_set": 0, "value_cents": None, "cost_cents": None, "correlation_key": None, "account_key": None}


def spans_of(rules: list[str], sequences: list[list[dict]]) -> list[list[dict]]:
    """The spans of each sequence, visits first, then instances, then what is outside; ids are places, from 1.

    Args:
        rules: of each sequence the JSON of its rules.
        sequences: of each its interactions in order: occurred_at, candidates, roles, exclusions, and more of INPUT.
    """
    rows = [
        DEFAULTS | event | {"entity_id": _id(number), "journey_no": number, "interaction_id": _id(row)}
        for number, events in enumerate(sequences, start=1)
        for row, event in enumerate(events, start=1)
    ]
    if not rows:
        return [[] for _ in sequences]
    given = pa.Table.from_pylist(rows, schema=INPUT)
    spans = walk_journeys(given, dict(enumerate(rules, start=1))).to_pylist()
    return [[span for span in spans if span["journey_no"] == number] for number in range(1, len(sequences) + 1)]


def _id(number: int) -> bytes:
    return UUID(int=number).bytes
