"""From every column to where it begins: source fields and named origins, with the shortest way there.

Put here: following lineage through relations.
Keep out: reading SQL (sql.py), declarations (declared.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from quality.lineage.declared import LANDING, origin
from quality.lineage.sql import HOW, ROWS, Column, LineageError, QueryLineage


@dataclass(frozen=True)
class Route:
    """A way from a column to where it begins."""

    end: Column  # a source field `landing.<dataset>`.field, or an origin
    how: str  # the farthest of its steps, as HOW orders them
    columns: tuple[Column, ...]  # from the column to the end, both included

    @property
    def hops(self) -> int:
        return len(self.columns) - 1


class LineageGraph:
    """All relations of a project. `tables` holds what every relation's columns are made of, whoever says so."""

    def __init__(self, tables: Mapping[str, QueryLineage], origins: Mapping[str, str]):
        self.tables = tables
        self._origins = {origin(name) for name in origins}
        # end -> (rank of how, hops, next column), the best first; kept, since all paths share their lower parts
        self._ends: dict[Column, dict[Column, tuple[int, int, Column]]] = {}

    def routes(self, column: Column) -> Iterator[Route]:
        """One route to each end of a column: of several the nearest by `how`, then the shortest."""
        for end, (rank, _, _) in sorted(self._follow(column).items()):
            way = [column]
            while way[-1] != end:
                way.append(self._ends[way[-1]][end][2])
            yield Route(end, HOW[rank], tuple(way))

    def has_end(self, column: Column) -> bool:
        return bool(self._follow(column))

    def _follow(self, column: Column) -> dict[Column, tuple[int, int, Column]]:
        found = self._ends.get(column)
        if found is not None:
            return found
        if self._is_end(column):
            self._ends[column] = {column: (0, 0, column)}
            return self._ends[column]
        self._ends[column] = {}  # what is made of itself gains nothing by it
        found = {}
        for behind, how in self._made_of(column).items():
            own = HOW.index(how)
            for end, (rank, hops, _) in self._follow(behind).items():
                way = (max(own, rank), hops + 1, behind)
                if end not in found or way < found[end]:
                    found[end] = way
        self._ends[column] = found
        return found

    def _is_end(self, column: Column) -> bool:
        if column in self._origins:
            return True
        return column.table.startswith(f"{LANDING}.") and column.name not in self.tables[column.table].columns

    def _made_of(self, column: Column) -> Mapping[Column, str]:
        table = self.tables.get(column.table)
        if table is None or column.name not in table.columns:
            what = "rows" if column.name == ROWS else f"column {column.name!r}"
            raise LineageError(f"{column.table}: {what} not known; declare the relation in quality/lineage/lineage.yml")
        return table.columns[column.name]
