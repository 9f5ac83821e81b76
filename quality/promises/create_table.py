"""Tables the pipeline writes itself, created from their output contracts.

Put here: DDL of a contract. Keep out: tables dbt makes, what is written into the tables.
"""

from __future__ import annotations

import duckdb

from quality.promises.output_contract import OutputContract


def ensure_table(connection: duckdb.DuckDBPyConnection, contract: OutputContract) -> None:
    """Make `schema.table` of the default database what the contract says, and keep the rows that are there.

    A column that came new to the contract is added, null in old rows. Anything else that changed needs a new version of
    the table; the check `is_what_its_contract_says` tells it.
    """
    name = f"{contract.schema}.{contract.table}"
    columns = ", ".join(f'"{c.name}" {c.type}{" not null" if c.required else ""}' for c in contract.columns)
    connection.execute(f"create schema if not exists {contract.schema}")
    connection.execute(f"create table if not exists {name} ({columns})")
    for column in contract.columns:
        connection.execute(f'alter table {name} add column if not exists "{column.name}" {column.type}')
        connection.execute(f'comment on column {name}."{column.name}" is {_text(column.description)}')
    connection.execute(f"comment on table {name} is {_text(contract.purpose)}")


def _text(said: str) -> str:
    return "'" + said.replace("'", "''") + "'"
