"""Reconciliation from landing to marts: every row, sum and instant that landed is where it belongs, once.

What is expected is counted on the landed rows of each dataset (one scan), without the models in between; what is there
is counted on each mart (one scan). The two must be equal to the row.

Put here: what must arrive where. Keep out: keys and domains (suites.py), what is usual (watch.py), Dagster.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from quality.company import Company
from quality.contract import Column, Contract
from quality.render_sql import literal
from quality.render_value import base_name
from quality.suites import CheckResult
from quality.watch.sql import ORPHANS

INTERACTIONS, ORDERS, CASES = "marts/fct_interactions", "marts/fct_orders", "marts/fct_cases"
ANSWERS, RECORDS = "marts/fct_survey_responses", "marts/bridge_customer_records"
UNMAPPED = 0.01  # share of interactions without a touchpoint of the company's list
NAMED = 5  # datasets a result names


@dataclass(frozen=True)
class Truth:
    """One thing that must hold of a table: `name` says it."""

    asset: str
    name: str
    severity: str
    allowed: str


TRUTHS = (
    Truth(INTERACTIONS, "no_landed_row_is_lost", "block", "one row in force per landed key, and the superseded ones"),
    Truth(INTERACTIONS, "interactions_are_those_that_landed", "block", "one row per landed row and slot with a time"),
    Truth(INTERACTIONS, "values_add_up_to_what_landed", "block", "the sum of what landed, to the cent"),
    Truth(INTERACTIONS, "times_add_up_to_what_landed", "block", "the sum of what landed, to the millisecond"),
    Truth(INTERACTIONS, "costs_add_up_to_the_unit_costs", "block", "the unit cost of each touchpoint"),
    Truth(INTERACTIONS, "touchpoints_are_mapped", "warn", f"unmapped at most {UNMAPPED:.0%} of a dataset's rows"),
    Truth(INTERACTIONS, "named_orders_and_cases_exist_as_usual", "warn", "the usual share of unknown keys per dataset"),
    Truth(ORDERS, "orders_are_those_that_landed", "block", "one row per order in force"),
    Truth(ORDERS, "amounts_add_up_to_what_landed", "block", "the sum of what landed, to the cent"),
    Truth(CASES, "cases_are_those_that_landed", "block", "one row per case in force"),
    Truth(ANSWERS, "answers_are_those_that_landed", "block", "one row per answer in force"),
    Truth(ANSWERS, "scores_add_up_to_what_landed", "block", "the sum of what landed"),
    Truth(RECORDS, "person_records_are_those_that_landed", "block", "one row per person record in force"),
)


@dataclass(frozen=True)
class _Fact:
    """A figure of one dataset that must be in `asset`: `sql` over its base model."""

    check: str
    key: tuple[str, int]  # dataset, slot (0: none)
    sql: str


def reconcile(connection: duckdb.DuckDBPyConnection, company: Company) -> list[CheckResult]:
    """Compare what landed with the marts.

    Args:
        connection: the warehouse after a build, the marts attached as `m`.
    Returns:
        One result per entry of TRUTHS.
    """
    results = []
    started = time.perf_counter()
    landed: dict[str, dict[tuple[str, int], float]] = {t.name: {} for t in TRUTHS}
    lost: list[str] = []
    for contract in company.contracts:
        facts = list(_facts(contract))
        figures = _count(connection, contract, facts)
        lost += _lost(connection, contract, figures[:4])
        for fact, figure in zip(facts, figures[4:], strict=True):
            landed[fact.check][fact.key] = landed[fact.check].get(fact.key, 0) + (figure or 0)
    found = _marts(connection, company)
    seconds = (time.perf_counter() - started) / len(TRUTHS)
    for truth in TRUTHS:
        if truth.name == "no_landed_row_is_lost":
            faults = lost
        elif truth.name == "touchpoints_are_mapped":
            faults = _unmapped(connection)
        elif truth.name == "named_orders_and_cases_exist_as_usual":
            faults = _orphans(connection)
        elif truth.name == "costs_add_up_to_the_unit_costs":
            faults = _differences(found["unit_costs"], found[truth.name])
        else:
            faults = _differences(landed[truth.name], found[truth.name])
        results.append(_result(truth, faults, seconds))
    return results


def _facts(contract: Contract) -> Iterator[_Fact]:
    d = contract.dataset
    keys = contract.with_term("interaction.key")
    for slot in contract.with_term("interaction.occurred_at"):
        counted = f"_is_latest and {base_name(slot)} is not null{_kept(contract, slot)}"
        what = f"distinct hash(coalesce({_text(keys[0])}, _record_key))" if keys else "*"
        at = (d, slot.position)
        yield _Fact("interactions_are_those_that_landed", at, f"count({what}) filter ({counted})")
        value = _plain_number(contract, "interaction.value", slot)
        if value and not keys:
            total = f"sum(round({value}::decimal(38, 6), 2)) filter ({counted})"
            yield _Fact("values_add_up_to_what_landed", at, total)
        if slot.logical_type == "timestamp" and not keys:
            total = f"sum(epoch_ms({base_name(slot)})::hugeint) filter ({counted})"
            yield _Fact("times_add_up_to_what_landed", at, total)
    for term, check in (("order.order_id", "orders"), ("case.case_id", "cases")):
        for column in contract.with_term(term)[:1]:
            yield _Fact(
                f"{check}_are_those_that_landed",
                (d, 0),
                f"count(distinct {_text(column)}) filter (_is_current and {_text(column)} <> '')",
            )
    orders, amount = contract.with_term("order.order_id"), _plain_number(contract, "order.amount", None)
    if orders and contract.key == orders and amount:
        total = f"sum(round({amount}::decimal(38, 6), 2)) filter (_is_current)"
        yield _Fact("amounts_add_up_to_what_landed", (d, 0), total)
    for slot in contract.with_term("survey.score"):
        if slot.value_mapping is None:
            score = f"try_cast({base_name(slot)} as double)"
            yield _Fact("answers_are_those_that_landed", (d, 0), f"count({score}) filter (_is_current)")
            yield _Fact("scores_add_up_to_what_landed", (d, 0), f"sum({score}) filter (_is_current)")
    if contract.has_entity("person"):
        names = contract.with_term("person.record_id")
        key = f"coalesce({_text(names[0])}, _record_key)" if names else "_record_key"
        yield _Fact("person_records_are_those_that_landed", (d, 0), f"count(distinct {key}) filter (_is_current)")


def _text(column: Column) -> str:
    return f"nullif(trim({base_name(column)}::varchar), '')"


def _kept(contract: Contract, slot: Column) -> str:
    """What a mapping of touchpoints to null drops on purpose."""
    columns = contract.with_term("interaction.touchpoint")
    if "interaction.touchpoint" in slot.constants or not columns or not columns[0].value_mapping:
        return ""
    mapping = columns[0].value_mapping
    said = f"lower(trim({base_name(columns[0])}::varchar))"
    dropped = [literal(k.lower()) for k, v in mapping.items() if v is None and k != "*"]
    listed = [literal(k.lower()) for k in mapping if k != "*"]
    kept = f" and coalesce({said} not in ({', '.join(dropped)}), true)" if dropped else ""
    if "*" in mapping and mapping["*"] is None:
        kept += f" and coalesce({said} in ({', '.join(listed)}), true)" if listed else f" and {said} is null"
    return kept


def _plain_number(contract: Contract, term: str, slot: Column | None) -> str | None:
    """The column of `term` where nothing but it can fill the mart's."""
    columns = contract.with_term(term)
    if slot is not None and term in slot.constants or contract.constants.get(term) is not None or not columns:
        return None
    column = columns[0]
    return base_name(column) if column.logical_type in ("number", "integer") and not column.value_mapping else None


def _count(connection: duckdb.DuckDBPyConnection, contract: Contract, facts: list[_Fact]) -> tuple:
    key = "count(distinct hash(_record_key))"
    figures = ["count(*)", "count(*) filter (_is_latest)", f"{key} filter (_is_latest)", key, *(f.sql for f in facts)]
    return connection.execute(f"select {', '.join(figures)} from base.base_{contract.dataset}").fetchall()[0]


def _lost(connection: duckdb.DuckDBPyConnection, contract: Contract, figures: tuple) -> list[str]:
    rows, latest, latest_keys, keys = figures
    entered = connection.execute(
        "select coalesce(sum(landed), 0) from control.parts where dataset = ? and state = 'current'", [contract.dataset]
    ).fetchall()[0][0]
    if rows == entered and latest == latest_keys == keys:
        return []
    return [
        f"{contract.dataset}: {entered} rows landed, {rows} are read; {keys} keys, "
        f"{latest} rows of {latest_keys} keys in force"
    ]


def _marts(connection: duckdb.DuckDBPyConnection, company: Company) -> dict[str, dict[tuple[str, int], float]]:
    """Check -> dataset and slot -> figure; one scan per table."""
    own_costs = [c.dataset for c in company.contracts if c.with_term("interaction.cost")]
    own_costs += [c.dataset for c in company.contracts for o in (c, *c.columns) if "interaction.cost" in o.constants]
    scans = {
        ("interactions_are_those_that_landed", "values_add_up_to_what_landed", "times_add_up_to_what_landed",
         "costs_add_up_to_the_unit_costs", "unit_costs"): (
            "select dataset, slot, count(*), sum(value), sum(epoch_ms(occurred_at)::hugeint), "
            "sum(cost) filter (not list_contains($own, dataset)), "
            "sum(t.unit_cost) filter (not list_contains($own, dataset)) "
            "from m.marts.fct_interactions as i left join control.touchpoints as t on t.touchpoint = i.touchpoint"),
        ("orders_are_those_that_landed", "amounts_add_up_to_what_landed"):
            "select dataset, 0, count(*), sum(amount) from m.marts.fct_orders",
        ("cases_are_those_that_landed",): "select dataset, 0, count(*) from m.marts.fct_cases",
        ("answers_are_those_that_landed", "scores_add_up_to_what_landed"):
            "select dataset, 0, count(*), sum(score) from m.marts.fct_survey_responses",
        ("person_records_are_those_that_landed",): "select dataset, 0, count(*) from std.std_persons",
    }  # fmt: skip
    found: dict[str, dict[tuple[str, int], float]] = {}
    for names, query in scans.items():
        given: dict[str, Any] = {"own": own_costs} if "$own" in query else {}
        rows = connection.execute(f"{query} group by all", given).fetchall()
        for place, name in enumerate(names, start=2):
            found[name] = {(r[0], r[1]): r[place] or 0 for r in rows}
    return found


def _differences(landed: dict[tuple[str, int], float], found: dict[tuple[str, int], float]) -> list[str]:
    """Where the two differ; a figure only one side can tell is compared where landing tells it."""
    faults = []
    for (dataset, slot), expected in sorted(landed.items()):
        there = found.get((dataset, slot), 0)
        if abs(float(expected) - float(there)) > max(0.005, 1e-12 * abs(float(expected))):
            where = f"{dataset}, slot {slot}" if slot else dataset
            faults.append(f"{where}: {expected:,} landed, {there:,} here")
    return faults


def _unmapped(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select dataset, count(*) filter (touchpoint = 'unmapped') / count(*) as share from m.marts.fct_interactions "
        f"group by dataset having share > {UNMAPPED} order by share desc"
    ).fetchall()
    return [f"{dataset}: {share:.1%} unmapped" for dataset, share in rows]


def _orphans(connection: duckdb.DuckDBPyConnection) -> list[str]:
    last = connection.execute("select as_of::date from control.run").fetchall()[0][0]
    rows = connection.execute(
        f"select dataset, column_name, day, seen, usual from ({ORPHANS}) "
        "where effect > bound and day > $last - interval 7 day and day <= $last order by effect / bound desc",
        {"last": last},
    ).fetchall()
    return [f"{d}: {seen:.1%} of its {c} on {day} are unknown, usually {usual:.1%}" for d, c, day, seen, usual in rows]


def _result(truth: Truth, faults: list[str], seconds: float) -> CheckResult:
    made = CheckResult(
        "reconciled", truth.asset, truth.name, truth.severity, not faults, None, "as landed", truth.allowed, 0.0
    )
    if faults:
        made = replace(made, observed="; ".join(faults[:NAMED]))
    return replace(made, seconds=round(seconds, 4))
