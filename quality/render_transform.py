"""transformLogic, as a contract writes it, turned into SQL over the landed columns.

Put here: parsing, quoting, shipped helpers, other derived columns put in place.
Keep out: whether the logic is allowed (gate.py).
"""

from __future__ import annotations

import sqlglot
from sqlglot import exp

from quality import render_sql as sql
from quality.contract import Column, Contract, ContractError

HELPERS = {"json_param": sql.json_param, "json_sum": sql.json_sum}


def transform_sql(contract: Contract, column: Column) -> str:
    """The column's transformLogic over the columns of the landed parts.

    A name means the landed value; a derived name means its own logic; `landed_at` the landing instant.
    A cast that does not fit gives null: one odd cell never stops a build.

    Raises:
        ContractError: the logic does not parse, or derived columns depend on one another in a circle.
    """
    return _expand(contract, column, ()).sql(dialect=sql.DIALECT, identify=True)


def referenced_columns(contract: Contract, column: Column) -> tuple[Column, ...]:
    """The contract's columns that the column's transformLogic names, in contract order."""
    names = {c.name.lower() for c in _parse(contract, column).find_all(exp.Column)}
    return tuple(c for c in contract.columns if c.name.lower() in names)


def _parse(contract: Contract, column: Column) -> exp.Expression:
    try:
        return sqlglot.parse_one(column.transform, read=sql.DIALECT)
    except sqlglot.errors.SqlglotError as fault:
        raise ContractError(
            f"{contract.file}: {column.name}.transformLogic: {str(fault).splitlines()[0]}; "
            "write one scalar SQL expression over this contract's columns"
        ) from fault


def _expand(contract: Contract, column: Column, above: tuple[str, ...]) -> exp.Expression:
    if column.name in above:
        raise ContractError(
            f"{contract.file}: {column.name}.transformLogic: depends on itself through "
            f"{' → '.join((*above, column.name))}; refer to landed columns only"
        )
    derived = {c.name.lower(): c for c in contract.derived}

    def replace(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Column):
            if node.name.lower() in derived:
                return exp.paren(_expand(contract, derived[node.name.lower()], (*above, column.name)))
            return exp.column("_landed_at" if node.name.lower() == "landed_at" else node.name)
        if isinstance(node, exp.Anonymous) and node.name.lower() in HELPERS:
            arguments = [a.transform(replace).sql(dialect=sql.DIALECT, identify=True) for a in node.expressions]
            return sqlglot.parse_one(HELPERS[node.name.lower()](*arguments), read=sql.DIALECT)
        if type(node) is exp.Cast:
            return exp.TryCast(this=node.this.transform(replace), to=node.args["to"])
        return node

    return _parse(contract, column).transform(replace)
