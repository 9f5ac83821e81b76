"""The lineage of a build, where dbt left it: read, told to Dagster, recorded.

Put here: what joins the rendered project, the company and the marts file. Keep out: reading SQL (quality/lineage_*.py),
writing the table and the file (pipelines/publish/lineage.py).
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.keys import CONTROL, identity_key, landing_key
from pipelines.publish.lineage import EVENTS_NAME, count_lineage, read_published, write_events, write_lineage
from pipelines.settings import Settings
from quality.company import Company
from quality.lineage.declared import LANDING
from quality.lineage.graph import LineageGraph
from quality.lineage.openlineage import lineage_events
from quality.lineage.project import ProjectLineage
from quality.lineage.queries import Queries
from quality.lineage.sql import ROWS, Column, LineageError
from quality.lineage.table import lineage_rows, without_lineage
from quality.promises.output_contract import load_output_contracts


@dataclass(frozen=True)
class Recorded:
    """What was recorded; `missing` are published columns (schema.table.column) without lineage."""

    columns: int
    rows: int
    missing: list[str]
    events: Path


def record_lineage(settings: Settings, company: Company, files: str, *, run_id: str, at: datetime) -> Recorded:
    """Read the lineage of all published columns; write governance.lineage and the OpenLineage events.

    Where it is as the last build found it, both stay as they are.

    Args:
        files: digest of the company's and our own files.
        at: UTC, naive.
    Raises:
        LineageError: a model cannot be followed; the message names it.
    """
    queries = _queries(settings.dbt, files)
    graph = ProjectLineage(company, read_manifest(settings.dbt), kept_models(settings.dbt), queries=queries).graph()
    queries.keep()
    published = read_published(settings.marts)  # what publishing adds to it, the log of checks, may not be there yet
    counted, made_of = sum(map(len, published.values())), _digest(files, graph, published)
    if (rows := count_lineage(settings.marts, made_of)) and (events := settings.lineage / EVENTS_NAME).is_file():
        return Recorded(counted, rows, [], events)
    written = {c.asset.replace("/", ".") for c in load_output_contracts().values() if not c.is_model}
    ours = {name: [c for c in made.columns if c != ROWS] for name, made in graph.tables.items() if name in written}
    missing = without_lineage(graph, published)
    events = write_events(settings.lineage, lineage_events(graph, company.company, run_id, at, published))
    rows = lineage_rows(company, graph, {**ours, **published})
    return Recorded(counted, write_lineage(settings.marts, rows, "" if missing else made_of), missing, events)


def _digest(files: str, graph: LineageGraph, published: Mapping[str, Mapping[str, str]]) -> str:
    """Of all that decides what is recorded."""
    said = [files, sorted(published.items())]
    for name, made in sorted(graph.tables.items()):
        said.append([name, [(c, sorted(of.items())) for c, of in made.columns.items()], sorted(made.filters)])
    return hashlib.sha256(repr(said).encode()).hexdigest()


def _queries(project: Path, files: str) -> Queries:
    return Queries(project / "target" / "lineage.pickle", files)


def kept_models(project: Path) -> Path:
    """Where the compiled models of the last build are, whichever of its dbt calls made them."""
    return project / "target" / "compiled"


def keep_models(run: Path, project: Path) -> None:
    """Keep what a dbt call compiled; every call of Dagster has a folder of its own."""
    if (run / "compiled").is_dir():
        shutil.copytree(run / "compiled", kept_models(project), dirs_exist_ok=True)


def tell_lineage(
    events: Iterator[Any], company: Company, manifest: Mapping[str, Any], project: Path, run: Path, files: str
) -> Iterator[Any]:
    """Dagster's events of a dbt call; what each model's columns are made of goes with its materialization."""
    queries = _queries(project, files)
    lineage = ProjectLineage(company, manifest, run / "compiled", kept_models(project), queries=queries)
    for event in events:
        if isinstance(event, dg.Output | dg.AssetMaterialization) and "unique_id" in event.metadata:
            told = _column_lineage(lineage, event.metadata["unique_id"].value)
            event = event.with_metadata({**event.metadata, **({"dagster/column_lineage": told} if told else {})})
        yield event
    queries.keep()


def _column_lineage(lineage: ProjectLineage, key: str) -> dg.TableColumnLineage | None:
    """None where a model cannot be followed: the check of all published columns says why."""
    try:
        made = lineage.tables[lineage.read(key)].columns
    except (LineageError, KeyError):
        return None
    found = {name: {_dependency(c): None for c in columns if c.name} for name, columns in made.items() if name != ROWS}
    return dg.TableColumnLineage({name: list(columns) for name, columns in found.items() if columns})


def _dependency(column: Column) -> dg.TableColumnDep:
    schema, table = column.table.split(".", 1)
    if schema == "control":  # one asset of many tables
        return dg.TableColumnDep(CONTROL, f"{table}.{column.name}")
    keys = {LANDING: landing_key(table), "identity": identity_key(table)}
    return dg.TableColumnDep(keys.get(schema, dg.AssetKey([schema, table])), column.name)


def read_manifest(project: Path) -> dict[str, Any]:
    """dbt's own account of the rendered project."""
    return json.loads((project / "target" / "manifest.json").read_text(encoding="utf-8"))
