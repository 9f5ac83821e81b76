"""The lineage of a whole dbt project: its compiled models, and what is declared of the rest.

Put here: which models there are, what is read before what, and who speaks for a relation.
Keep out: one query (sql.py), following (graph.py), tables and files made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from quality.company import Company
from quality.lineage.declared import CONTRACTED, LABEL, LANDING, Declared, landed_dataset, load_declared, origin
from quality.lineage.graph import LineageGraph
from quality.lineage.queries import Queries
from quality.lineage.sql import ROWS, LineageError, QueryLineage
from quality.render_base import TECHNICAL
from quality.render_std import STANDARD_TABLES

STANDARD = {f"std.{t.name}" for t in STANDARD_TABLES}


class ProjectLineage:
    """The relations of a project, read one after the other as they are asked for, parents first.

    Args:
        manifest: dbt's `manifest.json` of the rendered project.
        compiled: folders of compiled models, by package and path, as dbt leaves them in `target/compiled`; the first
            that has a model counts.
        queries: those that were read before.
    """

    def __init__(
        self, company: Company, manifest: Mapping[str, Any], *compiled: Path, queries: Queries | None = None
    ) -> None:
        self._queries = queries or Queries()
        self._declared = load_declared()
        self._compiled = compiled
        self._nodes = {key: n for key, n in manifest["nodes"].items() if n["resource_type"] == "model"}
        self._landed = {
            source["relation_name"]: f"{LANDING}.{source['name']}"
            for source in manifest["sources"].values()
            if source["source_name"] == LANDING
        }
        self.tables = dict(self._declared.relations)
        self._schema = {name: _columns(said) for name, said in self.tables.items()}
        for contract in company.contracts:
            name = f"{LANDING}.{contract.dataset}"
            self.tables[name] = landed_dataset(contract)
            self._schema[name] = [*(c.name for c in contract.landed), *TECHNICAL]

    def read(self, key: str) -> str:
        """Read a model, by its unique id in the manifest, after those it reads; the name of its relation.

        Raises:
            LineageError: it is not compiled, or its columns cannot be followed; the message names it.
        """
        node = self._nodes[key]
        name = f"{node['schema']}.{node['alias']}"
        if name in self.tables:
            return name
        for parent in node["depends_on"]["nodes"]:
            if parent in self._nodes:
                self.read(parent)
        if node["config"]["materialized"] != "ephemeral" and node["language"] == "sql":
            self.add(name, self._sql(node))
        return name

    def add(self, name: str, sql: str) -> None:
        """Read a relation, `schema.table`, from the SQL that makes it.

        Raises:
            LineageError: its columns cannot be followed.
        """
        named = {t: tuple(columns) for t, columns in self._schema.items() if t.split(".")[1] in sql}
        try:
            self.tables[name] = _complete(name, self._queries.read(sql, named), self._declared)
        except LineageError as fault:
            raise LineageError(f"{name}: {fault}") from fault
        self._schema[name] = _columns(self.tables[name])

    def graph(self) -> LineageGraph:
        """All models of the project.

        Raises:
            LineageError: one of them cannot be read.
        """
        for key in self._nodes:
            self.read(key)
        return LineageGraph(self.tables, self._declared.origins)

    def _sql(self, node: Mapping[str, Any]) -> str:
        files = [folder / node["package_name"] / node["original_file_path"] for folder in self._compiled]
        file = next((f for f in files if f.is_file()), None)
        if file is None:
            raise LineageError(f"{node['name']}: {files[-1]} is not there; run the build, which compiles it")
        sql = file.read_text(encoding="utf-8")
        for relation, name in self._landed.items():
            sql = sql.replace(relation, name)
        return sql


def _complete(name: str, read: QueryLineage, declared: Declared) -> QueryLineage:
    """Columns made of nothing: in a standard table the contracts' word (constants, nothing), else our own label."""
    begins = dict.fromkeys(declared.labels.get(name, ()), LABEL)
    if name in STANDARD:
        begins = dict.fromkeys(read.columns, CONTRACTED)
    filled = {c: {origin(begins[c]): "same"} for c, made in read.columns.items() if not made and c in begins}
    return QueryLineage({**read.columns, **filled}, read.filters)


def _columns(lineage: QueryLineage) -> list[str]:
    return [c for c in lineage.columns if c != ROWS]
