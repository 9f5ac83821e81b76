"""Consumers as dbt exposures, so that dbt's graph, and Dagster's, end where the tables are read.

Put here: which key of dbt says what of a consumer. Keep out: consumers themselves (consumers.py).
"""

from __future__ import annotations

from typing import Any

from quality.promises.consumers import Consumer

PACKAGE = "c360"


def render_exposures(consumers: list[Consumer]) -> list[dict[str, Any]]:
    """The `exposures:` of the rendered project; the columns a consumer reads are in `meta`."""
    return [
        {
            "name": consumer.name,
            "type": consumer.type,
            "description": consumer.purpose,
            "owner": {"name": consumer.owner, "email": consumer.email},
            "depends_on": [f"ref('{PACKAGE}', '{read.table}', v={read.major})" for read in consumer.reads],
            "config": {"meta": {"reads": {f"{r.table}@{r.major}": list(r.columns) for r in consumer.reads}}},
        }
        for consumer in consumers
    ]
