"""What quality/lineage/lineage.yml and the contracts say of relations no SQL makes.

Put here: reading those declarations as lineage of a relation.
Keep out: SQL (sql.py), following (graph.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from quality.contract import Contract
from quality.lineage.sql import HOW, ROWS, Column, LineageError, QueryLineage
from quality.render_base import TECHNICAL

DECLARED = Path(__file__).with_name("lineage.yml")
LANDING = "landing"  # schema of landed datasets: `landing.<dataset>`
LANDED = "product:landing"
LABEL = "product:label"
CONTRACTED = "declared:contracts"


@dataclass(frozen=True)
class Declared:
    """`origins`: name -> what begins there. `relations`: as a query would have told. `labels`: table -> columns."""

    origins: Mapping[str, str]
    relations: Mapping[str, QueryLineage]
    labels: Mapping[str, frozenset[str]]


def origin(name: str) -> Column:
    """An origin as the column a path ends at."""
    return Column(name, "")


def load_declared(file: Path = DECLARED) -> Declared:
    """Read the declarations.

    Raises:
        LineageError: a source is no origin, group or `schema.table.column`, or `how` is none of HOW.
    """
    read = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    origins = read["origins"]
    groups = {
        name: [Column(table, column) for table, columns in tables.items() for column in columns]
        for name, tables in read["groups"].items()
    }
    relations = {name: _relation(file, name, said, origins, groups) for name, said in read["relations"].items()}
    return Declared(origins, relations, {t: frozenset(columns) for t, columns in read["labels"].items()})


def landed_dataset(contract: Contract) -> QueryLineage:
    """A landed dataset: its fields are where paths end; its rows and their key are its key fields."""
    fields = contract.key or contract.landed
    key = {Column(f"{LANDING}.{contract.dataset}", c.name): "derived" for c in fields}
    technical = {name: {origin(LANDED): "same"} for name in TECHNICAL}
    return QueryLineage({**technical, "_record_key": key, ROWS: key}, frozenset())


def _relation(
    file: Path, name: str, said: Mapping[str, Any], origins: Mapping[str, str], groups: Mapping[str, list[Column]]
) -> QueryLineage:
    how = said.get("how", "derived")
    if how not in HOW:
        raise LineageError(f"{file}: {name}: how is {how!r}; use one of {', '.join(HOW)}")

    def made_of(column: str, sources: str | list[str]) -> dict[Column, str]:
        found: dict[Column, str] = {}
        for source in [sources] if isinstance(sources, str) else sources:
            if source in origins:
                found[origin(source)] = "same"
            elif source in groups:
                found |= dict.fromkeys(groups[source], how)
            elif source.count(".") == 2:
                found[Column(*source.rsplit(".", 1))] = how
            else:
                raise LineageError(
                    f"{file}: {name}.{column}: {source!r} is no origin, group or schema.table.column; "
                    f"origins: {', '.join(origins)}; groups: {', '.join(groups)}"
                )
        return found

    columns = said["columns"]
    if "all" in said:
        columns = dict.fromkeys([*columns, ROWS], said["all"])
    return QueryLineage({c: made_of(c, sources) for c, sources in columns.items()}, frozenset())
