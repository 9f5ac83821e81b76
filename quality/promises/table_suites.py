"""What must hold of the values of every published model, from its output contract: closed sets stay closed.

Put here: output contracts as suites. Keep out: what a contract is (output_contract.py), running suites (validate.py),
keys and references of models, which dbt tests or the database keeps (render_marts.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from quality.promises.output_contract import OutputContract
from quality.suites import Check, Suite

SEVERITY = "block"  # a table that breaks its contract is not published


def table_suites(contracts: Mapping[str, OutputContract]) -> list[Suite]:
    """One suite per published model with a closed set of values, over the columns it needs and in one query."""
    return [_suite(c) for c in contracts.values() if c.is_model and any(column.values for column in c.columns)]


def _suite(contract: OutputContract) -> Suite:
    closed = [c for c in contract.columns if c.values]
    query = f"select {', '.join(c.name for c in closed)} from m.{contract.schema}.{contract.table}"
    checks = tuple(_in_set(c.name, c.values) for c in closed)
    return Suite(f"{contract.table}_keeps_its_contract", contract.asset, query, checks)


def _in_set(column: str, values: tuple[str, ...]) -> Check:
    arguments = {"column": column, "value_set": list(values)}
    return Check(
        f"{column}_is_a_known_value", SEVERITY, "ExpectColumnValuesToBeInSet", arguments, f"one of {', '.join(values)}"
    )
