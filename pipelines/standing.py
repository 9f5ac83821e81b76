"""Models a build need not make again, because all they are made of is as it was when they were made.

A view or a seed is made of files alone, and so is a table of what they declare; a base or standard table also of the
landed parts of its datasets. dbt spends a tenth of a second on the least of them, and most datasets bring nothing most
of the time.

Put here: which models stand, and keeping what they were made of. Keep out: whether a build is needed at all
(unchanged.py), rows that stay in a table that is made again (dbt_project/macros/parts_table.sql).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set
from functools import cache
from typing import Any

import duckdb

from pipelines.settings import Settings
from pipelines.warehouse import open_warehouse

TABLE = "control.standing_models"
OF_FILES = "view", "seed"  # by how they are materialized
OF_PARTS = "table", "parts_table"
LANDED = "landing", "landing_control"  # sources that change with the parts of a dataset, and not otherwise
DECLARED = {  # tables of the source `control` that say what files say
    "touchpoints", "touchpoint_items", "datasets", "definitions", "journeys", "journey_stages", "journey_rules",
    "journey_conditions", "journey_transitions", "journey_version_changes", "journey_atlas",
}  # fmt: skip


def find_bases(
    connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], files: str, made: Set[str]
) -> dict[str, str]:
    """What each model is made of that may stand, by its unique id in dbt's manifest.

    Args:
        connection: the warehouse, with `control.parts` as of now.
        files: digest of the company's and our own files.
        made: models that are made together.
    """
    parts = dict(
        connection.execute(
            "select dataset, md5(string_agg(part_seq || ':' || arrived_seq, ',' order by part_seq, arrived_seq)) "
            "from control.parts where state = 'current' group by dataset"
        ).fetchall()
    )
    sources_of = cache(lambda key: _find_sources(manifest, key, sources_of))
    bases = {}
    for key in made:
        kind = manifest["nodes"][key]["config"].get("materialized")
        if kind in OF_FILES:
            bases[key] = files
        elif kind in OF_PARTS:
            sources = [manifest["sources"][source] for source in sources_of(key)]
            if sources and all(source["source_name"] in LANDED or _is_declared(source) for source in sources):
                datasets = sorted({s["name"] for s in sources if s["source_name"] == LANDED[0]})
                bases[key] = " ".join([files, *(f"{name}={parts.get(name, '')}" for name in datasets)])
    return bases


def take_standing(
    connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], bases: Mapping[str, str], made: Set[str]
) -> list[str]:
    """Which of these models stand, each after those it reads: none that reads a model which is made again.

    The others are forgotten: killed while it makes one, a build must make it again.

    Args:
        bases: of the models that may stand.
        made: these, and all others that are made together with them.
    """
    _ensure_table(connection)
    there = {
        place
        for (place,) in connection.execute(
            "select database_name || '.' || schema_name || '.' || table_name from duckdb_tables() union all "
            "select database_name || '.' || schema_name || '.' || view_name from duckdb_views()"
        ).fetchall()
    }
    known = dict(connection.execute(f"from {TABLE}").fetchall())
    standing: dict[str, bool] = {}

    def stands(key: str) -> bool:
        if key not in standing:
            parents = [stands(parent) for parent in _parents(manifest, key) if parent in manifest["nodes"]]
            is_there = (manifest["nodes"][key].get("relation_name") or "").replace('"', "") in there
            is_same = known.get(key) == bases[key] and is_there if key in bases else key not in made
            standing[key] = is_same and all(parents)
        return standing[key]

    left = [key for key in bases if not stands(key)]
    forget(connection, left)
    return [key for key, is_standing in standing.items() if is_standing and key in bases]


def forget(connection: duckdb.DuckDBPyConnection, models: Iterable[str]) -> None:
    """Have none of these stand, before they are made again."""
    _ensure_table(connection)
    connection.execute(f"delete from {TABLE} where model in (select unnest(?))", [list(models)])


def note_made(connection: duckdb.DuckDBPyConnection, bases: Mapping[str, str]) -> None:
    """Keep what models are made of that stood no more and were just made."""
    connection.execute(f"insert into {TABLE} select unnest(?), unnest(?)", [list(bases), list(bases.values())])


def forget_all(settings: Settings) -> None:
    """Have the next build make every model again."""
    if settings.warehouse.exists():
        with open_warehouse(settings) as connection:
            connection.execute(f"drop table if exists {TABLE}")


def _ensure_table(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"create table if not exists {TABLE} (model varchar, basis varchar)")


def _is_declared(source: Mapping[str, Any]) -> bool:
    return source["source_name"] == "control" and source["name"] in DECLARED


def _find_sources(manifest: Mapping[str, Any], key: str, sources_of: Callable[[str], frozenset[str]]) -> frozenset[str]:
    """Where all that a model is made of begins; `sources_of` remembers what was found of its parents."""
    parents = _parents(manifest, key)
    begins = (frozenset([p]) if p in manifest["sources"] else sources_of(p) for p in parents)
    return frozenset().union(*begins)


def _parents(manifest: Mapping[str, Any], key: str) -> list[str]:
    return manifest["nodes"][key]["depends_on"].get("nodes", [])
