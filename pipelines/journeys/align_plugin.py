"""dbt-duckdb plugin: gives SQL the function align_variant(net, path).

Put here: the plugin named in profiles.yml. Keep out: what alignment is (align.py).
"""

from __future__ import annotations

import pyarrow as pa
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from pipelines.journeys.align import align_variants

TEXT = "varchar"
DEVIATION = "struct(deviation_no integer, kind varchar, stage_id varchar, visit_seq integer)"
ALIGNED = f"struct(cost integer, fitness double, deviations {DEVIATION}[])"


class Plugin(BasePlugin):
    """Every connection of dbt can align the distinct paths of a table; macro `align_variant` is the way to call it."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        conn.create_function("align_variant", _align, [TEXT, TEXT], ALIGNED, type="arrow")


def _align(nets: pa.ChunkedArray, paths: pa.ChunkedArray) -> pa.Array:
    return align_variants(nets.combine_chunks(), paths.combine_chunks())
