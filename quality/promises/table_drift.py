"""Whether a table is what its output contract says: its columns, their order, types, nulls and meanings.

Put here: comparing the database's own catalogue with a contract. Keep out: rows (table_suites.py), dbt's YAML
(render_marts.py).
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from quality.promises.output_contract import OutputContract

CHECK = "is_what_its_contract_says"
SHOWN = 8  # of the differences a check result names; the count is of all


def table_drift(
    connection: duckdb.DuckDBPyConnection, contracts: Mapping[str, OutputContract], database: str
) -> dict[str, list[str]]:
    """The differences between contracts and tables, both ways.

    Args:
        connection: has the tables attached as `database`.
    Returns:
        By asset (`marts/fct_orders`) a line per difference, an empty list where contract and table agree; tables of the
        contracts' schemas that no contract promises are there too.
    """
    found: dict[tuple[str, str], dict[str, tuple]] = {}
    for schema, table, column, place, kind, nullable, comment in connection.execute(
        "select schema_name, table_name, column_name, column_index, lower(data_type), is_nullable, "
        "coalesce(comment, '') from duckdb_columns() where database_name = ? order by all",
        [database],
    ).fetchall():
        found.setdefault((schema, table), {})[column] = (place, kind, nullable, comment)
    promised = {(c.schema, c.table): c for c in contracts.values()}
    schemas = {schema for schema, _ in promised}
    drift = {c.asset: _compare(c, found.get(place)) for place, c in promised.items()}
    for schema, table in sorted(found.keys() - promised.keys()):
        if schema in schemas:
            drift[f"{schema}/{table}"] = ["a published table without a contract; write one in quality/contracts"]
    return drift


def _compare(contract: OutputContract, table: Mapping[str, tuple] | None) -> list[str]:
    if table is None:
        return ["the table is not there; build it, or retire its contract"]
    promised = {c.name: c for c in contract.columns}
    lines = [f"column {name} is not in the table" for name in promised if name not in table]
    lines += [f"column {name} is not in the contract" for name in table if name not in promised]
    both = [name for name in promised if name in table]
    if both != sorted(both, key=lambda name: table[name][0]):
        lines.append("the columns stand in another order")
    for name in both:
        column, (_, kind, nullable, comment) = promised[name], table[name]
        if kind != column.type:
            lines.append(f"column {name} is {kind}, the contract says {column.type}")
        if nullable == column.required:
            lines.append(f"column {name} may {'be null' if nullable else 'not be null'}, the contract says otherwise")
        if comment != column.description:
            lines.append(f"column {name} is described otherwise than in the contract")
    return lines
