"""What a build leaves of its lineage: governance.lineage, and OpenLineage events in a file.

Put here: writing the two. Keep out: finding lineage (quality/lineage_*.py), Dagster.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.publish.made_of import note_made_of, was_made_of
from quality.promises.create_table import ensure_table
from quality.promises.output_contract import load_output_contracts
from quality.storage import opening

TABLE = "governance.lineage"
EVENTS_NAME = "openlineage.ndjson"


def read_published(marts: Path) -> dict[str, dict[str, str]]:
    """`schema.table` -> column -> type, of every table readers get, `governance.lineage` too before it is written."""
    with duckdb.connect(str(marts), config=opening()) as connection:
        ensure_table(connection, load_output_contracts()["lineage"])
        found = connection.execute(
            "select schema_name || '.' || table_name, map_from_entries(list((column_name, data_type) order by "
            "column_index)) from duckdb_columns() where schema_name in ('marts', 'governance') group by all order by 1"
        ).fetchall()
    return dict(found)


def count_lineage(marts: Path, made_of: str) -> int:
    """How many rows `governance.lineage` has, if they were made of this; else 0."""
    with duckdb.connect(str(marts), config=opening()) as connection:
        if was_made_of(connection, TABLE) != made_of:
            return 0
        return connection.execute(f"select count(*) from {TABLE}").fetchall()[0][0]


def write_lineage(marts: Path, rows: pa.Table, made_of: str = "") -> int:
    """Replace the rows of `governance.lineage`.

    Args:
        marts: `c360_marts.duckdb`; no connection to it may be open.
        rows: with the columns of `quality.lineage.table.ARROW`.
        made_of: digest of what they were made of, to be known by the next build.
    Returns:
        the number of rows written.
    """
    with duckdb.connect(str(marts), config=opening()) as connection:
        connection.register("incoming", rows)
        connection.execute("begin")
        ensure_table(connection, load_output_contracts()["lineage"])
        connection.execute(f"delete from {TABLE}")
        connection.execute(f"insert into {TABLE} by name from incoming order by all")
        note_made_of(connection, TABLE, made_of)
        connection.execute("commit")
        connection.unregister("incoming")
    return rows.num_rows


def write_events(folder: Path, events: Iterable[Mapping[str, Any]]) -> Path:
    """One event a line, in `<folder>/openlineage.ndjson`, replaced whole."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / EVENTS_NAME
    draft = file.with_name(f".{file.name}")
    with draft.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(event) + "\n" for event in events)
    return draft.replace(file)
