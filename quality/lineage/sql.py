"""What each column of a query is made of, read from its SQL.

Put here: one query -> the columns of other relations behind each of its columns, and what decides its rows.
Keep out: what a query's relations are made of in turn (graph.py), which queries there are (project.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope
from sqlglot.schema import MappingSchema

from quality.render_sql import DIALECT

ROWS = "*"  # as a column: which rows a relation has
# How far a value is from what it is made of: unchanged, computed, over several rows, only their number, found by it in
# another relation, or a customer that identity resolution made of it.
HOW = ("same", "derived", "aggregated", "counted", "looked_up", "resolved")


class LineageError(ValueError):
    """A query whose columns cannot be followed; the message says which relation and what to do."""


@dataclass(frozen=True, order=True)
class Column:
    """A column of a relation; ROWS stands for its rows."""

    table: str
    name: str


@dataclass(frozen=True)
class QueryLineage:
    """`columns`: what each output column, and ROWS, is made of. `filters`: what else decides which rows come out."""

    columns: Mapping[str, Mapping[Column, str]]
    filters: frozenset[Column]


def read_query(sql: str, schema: Mapping[str, Sequence[str]]) -> QueryLineage:
    """Follow every column of a query to the relations it reads.

    Args:
        sql: one query; relations are named `schema.table`, a database before it is ignored.
        schema: columns of the relations, as far as they are known; one is needed where the query says `*`.
    Returns:
        Per output column the columns behind it and how (HOW). A count of rows is made of the ROWS of what it counts.
    Raises:
        LineageError: the query cannot be parsed, or a column in it cannot be told to be of one relation.
    """
    try:
        tree = sqlglot.parse_one(sql, read=DIALECT)
        for table in tree.find_all(exp.Table):
            table.set("catalog", None)
        known = MappingSchema(dialect=DIALECT)
        for table in {t.sql(DIALECT) for t in map(_bare, tree.find_all(exp.Table))} & schema.keys():
            known.add_table(table, dict.fromkeys(schema[table], "unknown"), dialect=DIALECT)
        tree = qualify(
            tree, schema=known, dialect=DIALECT, validate_qualify_columns=False, quote_identifiers=False, identify=False
        )
    except sqlglot.errors.SqlglotError as fault:
        raise LineageError(str(fault).split("\n")[0]) from fault
    return _Reader(build_scope(tree)).read()


def _bare(table: exp.Table) -> exp.Table:
    return exp.table_(table.name, db=table.db or None)


class _Reader:
    """One query's scopes; what is found for a scope is kept, since CTEs are read many times."""

    def __init__(self, root: Scope):
        self._root = root
        self._scopes = {id(scope.expression): scope for scope in root.traverse()}
        self._columns: dict[int, dict[str, dict[Column, str]]] = {}
        self._rows: dict[int, dict[Column, str]] = {}
        self._keys: dict[tuple[int, str], dict[Column, str]] = {}

    def read(self) -> QueryLineage:
        columns = dict(self._outputs(self._root))
        if ROWS in columns:
            raise LineageError(
                "the columns behind `*` are not known; declare the relation in quality/lineage/lineage.yml"
            )
        columns[ROWS] = self._rows_of(self._root)
        filters = {c for scope in self._scopes.values() for c in self._filters(scope)}
        return QueryLineage(columns, frozenset(filters))

    def _outputs(self, scope: Scope) -> dict[str, dict[Column, str]]:
        found = self._columns.get(id(scope))
        if found is None:
            self._columns[id(scope)] = {}  # a recursive CTE that reads itself adds nothing
            found = self._columns[id(scope)] = self._select(scope)
        return found

    def _select(self, scope: Scope) -> dict[str, dict[Column, str]]:
        query = scope.expression
        if isinstance(query, exp.SetOperation):
            first, *others = (self._outputs(s) for s in scope.set_operation_scopes)
            by_name = query.args.get("by_name")
            merged = {name: dict(made) for name, made in first.items()}
            for other in others:
                for (name, made), own in zip(other.items(), first, strict=False):
                    _merge(merged.setdefault(name if by_name else own, {}), made)
            return merged
        if not isinstance(query, exp.Select):  # unnest, lateral, values: whatever is in it
            inside = self._made_of(query, scope)
            return dict.fromkeys((*_alias_columns(query), ROWS), inside)
        return {s.alias_or_name: self._made_of(s, scope) for s in query.selects}

    def _made_of(self, expression: exp.Expression, scope: Scope) -> dict[Column, str]:
        """Every column inside an expression, scalar subqueries too."""
        made: dict[Column, str] = {}
        bare = expression.this if isinstance(expression, exp.Alias) else expression
        how = "same" if isinstance(bare, exp.Column) else "aggregated" if _aggregates(bare) else "derived"
        for node in bare.walk():
            if isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
                _merge(made, self._behind(node, self._scope_of(node, scope)), how)
            elif _counts_rows(node):
                _merge(made, self._input_rows(self._scope_of(node, scope)), "counted")
        return made

    def _behind(self, column: exp.Column, scope: Scope) -> dict[Column, str]:
        source, name = self._source(column, scope), column.name
        found = dict(self._looked_up(column, scope))
        if isinstance(source, exp.Table):
            _merge(found, {Column(_bare(source).sql(DIALECT), name): "same"})
        elif isinstance(source, Scope):
            outputs = self._outputs(source)
            _merge(found, outputs.get(name) or outputs.get(ROWS) or {})
        return found

    def _looked_up(self, column: exp.Column, scope: Scope) -> dict[Column, str]:
        """What a joined relation is joined by: another key would find another row, so it makes the value too."""
        joins = scope.expression.args.get("joins") or ()
        on = next((j.args.get("on") for j in joins if column.table and j.alias_or_name == column.table), None)
        key = (id(scope), column.table)
        if on is not None and key not in self._keys:
            self._keys[key] = {}
            for other in on.find_all(exp.Column):
                if other.table != column.table:
                    _merge(self._keys[key], self._behind(other, self._scope_of(other, scope)), "looked_up")
        return self._keys.get(key, {})

    def _source(self, column: exp.Column, scope: Scope | None) -> exp.Table | Scope | None:
        """The relation a column is of, in its scope or, in a correlated subquery, in one around it."""
        while scope is not None:
            if column.table in scope.sources:
                return scope.sources[column.table]
            if not column.table and len(scope.selected_sources) == 1 and not _is_parameter(column):
                return next(iter(scope.selected_sources.values()))[1]
            scope = scope.parent
        return None

    def _rows_of(self, scope: Scope) -> dict[Column, str]:
        found = self._rows.get(id(scope))
        if found is None:
            self._rows[id(scope)] = {}
            found = self._rows[id(scope)] = self._find_rows(scope)
        return found

    def _find_rows(self, scope: Scope) -> dict[Column, str]:
        """What a row of the query stands for: a group, else a row of each relation it must be found in."""
        query, rows = scope.expression, {}
        if isinstance(query, exp.SetOperation):
            for part in scope.set_operation_scopes:
                _merge(rows, self._rows_of(part))
            return rows
        if not isinstance(query, exp.Select):
            return self._made_of(query, scope)
        group = query.args.get("group")
        for expression in group.expressions if group else ():
            if isinstance(expression, exp.Literal) and expression.is_int:
                expression = query.selects[int(expression.this) - 1]
            _merge(rows, self._made_of(expression, scope))
        if group:
            return rows
        if query.args.get("distinct"):
            for made in self._outputs(scope).values():
                _merge(rows, made)
            return rows
        return self._input_rows(scope)

    def _input_rows(self, scope: Scope) -> dict[Column, str]:
        """What a query selects, groups or counts: rows of each relation a row must be found in."""
        rows: dict[Column, str] = {}
        optional = {j.alias_or_name for j in scope.expression.args.get("joins") or () if j.side == "LEFT"}
        for name, (_, source) in scope.selected_sources.items():
            if isinstance(source, Scope):
                _merge(rows, self._rows_of(source) if name not in optional else {})
            elif name not in optional:
                _merge(rows, {Column(_bare(source).sql(DIALECT), ROWS): "same"})
        return rows

    def _filters(self, scope: Scope) -> Iterator[Column]:
        query = scope.expression
        clauses = [query.args.get(name) for name in ("where", "having", "qualify")]
        clauses += [join.args.get("on") for join in query.args.get("joins") or ()]
        for clause in clauses:
            if clause is not None:
                yield from self._made_of(clause, scope)

    def _scope_of(self, node: exp.Expression, scope: Scope) -> Scope:
        """The innermost query around a node."""
        query = node.find_ancestor(exp.Select)
        while query is not None and id(query) not in self._scopes:
            query = query.find_ancestor(exp.Select)
        inner = self._scopes.get(id(query))
        is_inside = inner is not None and isinstance(scope.expression, exp.Select)
        return inner if is_inside else scope


def _merge(into: dict[Column, str], made: Mapping[Column, str], at_least: str = "same") -> None:
    """Add what is made; a column reached in two ways counts by the nearer one."""
    for column, how in made.items():
        new = max(how, at_least, key=HOW.index)
        into[column] = min(into.get(column, new), new, key=HOW.index)


def _aggregates(expression: exp.Expression) -> bool:
    return any(isinstance(n, exp.AggFunc) and not isinstance(n.parent, exp.Window) for n in expression.walk())


def _counts_rows(node: exp.Expression) -> bool:
    """count(*), count(1), row_number() over (): a number that only rows make."""
    counts = isinstance(node, exp.Count | exp.CountIf | exp.RowNumber)
    return counts and not any(isinstance(n, exp.Column) and not n.find(exp.Star) for n in node.walk())


def _is_parameter(column: exp.Column) -> bool:
    """Whether a name is the parameter of a lambda around it."""
    around = column.find_ancestor(exp.Lambda)
    return around is not None and column.name in {e.name for e in around.expressions}


def _alias_columns(query: exp.Expression) -> list[str]:
    alias = query.args.get("alias")
    return [c.name for c in alias.columns] if isinstance(alias, exp.TableAlias) else []
