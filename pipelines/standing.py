"""Models a build need not make again, because all they are made of is as it was when they were made.

A view or a seed is made of files alone; a base or standard table also of the landed parts of its datasets. dbt spends a
tenth of a second on the least of them, and most datasets bring nothing most of the time.

Put here: which models stand, and keeping what they were made of. Keep out: whether a build is needed at all
(unchanged.py), rows that stay in a table that is made again (dbt_project/macros/parts_table.sql).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

import duckdb

TABLE = "control.standing_models"
OF_FILES = "view", "seed"  # by how they are materialized
OF_PARTS = "table", "parts_table"
LANDED = "landing", "landing_control"  # sources that change with the parts of a dataset, and not otherwise


def find_bases(connection: duckdb.DuckDBPyConnection, manifest: Mapping[str, Any], files: str) -> dict[str, str]:
    """What each model that may stand is made of, by its unique id in dbt's manifest.

    Args:
        connection: the warehouse, with `control.parts` as of now.
        files: digest of the company's and our own files.
    """
    parts = dict(
        connection.execute(
            "select dataset, md5(string_agg(part_seq || ':' || arrived_seq, ',' order by part_seq, arrived_seq)) "
            "from control.parts where state = 'current' group by dataset"
        ).fetchall()
    )
    bases = {}
    for key, node in manifest["nodes"].items():
        kind = node["config"].get("materialized")
        if kind in OF_FILES:
            bases[key] = files
        elif kind in OF_PARTS and node["resource_type"] == "model":
            sources = [manifest["sources"][source] for source in _find_sources(manifest, key)]
            if sources and all(source["source_name"] in LANDED for source in sources):
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
    connection.execute(f"create table if not exists {TABLE} (model varchar, basis varchar)")
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
    connection.execute(f"delete from {TABLE} where model in (select unnest(?))", [left])
    return [key for key, is_standing in standing.items() if is_standing and key in bases]


def note_made(connection: duckdb.DuckDBPyConnection, bases: Mapping[str, str]) -> None:
    """Keep what models that were just made are made of."""
    connection.execute("begin")
    connection.execute(f"delete from {TABLE} where model in (select unnest(?))", [list(bases)])
    connection.execute(f"insert into {TABLE} select unnest(?), unnest(?)", [list(bases), list(bases.values())])
    connection.execute("commit")


def forget_standing(connection: duckdb.DuckDBPyConnection) -> None:
    """Have the next build make every model again."""
    connection.execute(f"drop table if exists {TABLE}")


def _find_sources(manifest: Mapping[str, Any], key: str) -> Iterator[str]:
    for parent in _parents(manifest, key):
        if parent in manifest["sources"]:
            yield parent
        else:
            yield from _find_sources(manifest, parent)


def _parents(manifest: Mapping[str, Any], key: str) -> list[str]:
    return manifest["nodes"][key]["depends_on"].get("nodes", [])
