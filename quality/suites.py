"""What is checked of the sources: facts of what was received, from the contracts.

Put here: suites as plain data, one query and its checks each.
Keep out: Great Expectations (validate.py), rules that clean single rows (they run on landing), published tables
(table_suites.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from quality.contract import Column, Contract, ContractError, Rule
from quality.gate_dataset import unit_seconds

SEVERITY = {"error": "block", "warning": "warn", "info": "record"}
ACCEPTED = "__accepted_share"


@dataclass(frozen=True)
class Check:
    """One truth to verify. `expectation` is a Great Expectations class, `arguments` its fields."""

    name: str
    severity: str  # block | warn | record
    expectation: str
    arguments: Mapping[str, Any]
    threshold: str


@dataclass(frozen=True)
class Suite:
    """Checks of one asset, all over the rows of `query`."""

    name: str
    asset: str  # landing/<dataset> | marts/<table> | governance/<table>
    query: str
    checks: tuple[Check, ...]


@dataclass(frozen=True)
class CheckResult:
    """Outcome of one check. Counts, shares and times only; never a value of a row."""

    suite: str
    asset: str  # landing/web_events | marts/fct_interactions | governance/contracts
    check: str
    severity: str  # block | warn | record
    success: bool
    failing_rows: int | None  # None where the check is about the whole asset
    observed: str
    threshold: str
    seconds: float  # its share of the suite's time

    @property
    def blocks(self) -> bool:
        return self.severity == "block" and not self.success


def landing_suites(contract: Contract, landing: Path, as_of: datetime, error_rate: float) -> list[Suite]:
    """Volume, null shares, accepted shares and freshness of what was received and is current.

    Args:
        landing: the folder of all landed parts; `quarantine` is expected beside it.
        as_of: the instant freshness is judged at, UTC without zone.
        error_rate: percent of values that may be refused where the contract does not say.
    """
    rows = _current_rows(contract, landing)
    asset = f"landing/{contract.dataset}"
    received = Suite(f"{contract.dataset}_received", asset, rows, tuple(_received(contract, as_of)))
    bounded = [c for c in contract.landed if c.minimum is not None or c.maximum is not None or c.enum]
    if not bounded:
        return [received]
    allowed = contract.error_rate if contract.error_rate is not None else error_rate
    accepted = tuple(_accepted(c, allowed) for c in bounded)
    return [
        received,
        Suite(f"{contract.dataset}_accepted", asset, _accepted_shares(contract, landing, bounded), accepted),
    ]


def _current_rows(contract: Contract, landing: Path) -> str:
    columns = ", ".join(f'"{c.name}"' for c in contract.landed)
    return (
        f"select {columns}, _arrived_on from read_parquet({_text(landing / contract.dataset / '**' / '*.parquet')}, "
        f"union_by_name = true, hive_partitioning = false) where _batch_id in ({_current_batches(contract)})"
    )


def _current_batches(contract: Contract) -> str:
    return f"select content_hash from control.parts where dataset = '{contract.dataset}' and state = 'current'"


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def _received(contract: Contract, as_of: datetime) -> Iterator[Check]:
    yield from _volume(contract)
    for column in contract.landed:
        if column.terms:
            yield _filled(column)
    yield from _freshness(contract, as_of)


def _volume(contract: Contract) -> Iterator[Check]:
    rules = [r for r in contract.rules if r.kind == "rowCount" and not r.percent]
    for rule in rules:
        bounds = _bounds(rule)
        if bounds:
            yield Check(
                f"{rule.rule_id.split('.')[-1]}_holds_for_the_rows_received",
                SEVERITY[rule.severity],
                "ExpectTableRowCountToBeBetween",
                bounds,
                f"{rule.operator} {rule.threshold}",
            )
    if not rules:
        yield Check("rows_were_received", "warn", "ExpectTableRowCountToBeBetween", {"min_value": 1}, "at least 1 row")


def _bounds(rule: Rule) -> dict[str, Any]:
    value = rule.threshold
    return {
        "mustBe": lambda: {"min_value": value, "max_value": value},
        "mustBeGreaterThan": lambda: {"min_value": value, "strict_min": True},
        "mustBeGreaterOrEqualTo": lambda: {"min_value": value},
        "mustBeLessThan": lambda: {"max_value": value, "strict_max": True},
        "mustBeLessOrEqualTo": lambda: {"max_value": value},
        "mustBeBetween": lambda: {"min_value": value[0], "max_value": value[1]},
    }.get(rule.operator, dict)()


def _filled(column: Column) -> Check:
    """A column nobody fills any more is a fact to know; how much may be empty is the contract's to say."""
    rule = next((r for r in column.rules if r.kind in ("nullValues", "missingValues") and r.percent), None)
    if rule is not None and rule.operator in ("mustBeLessThan", "mustBeLessOrEqualTo") and rule.threshold < 100:
        share, severity = max(0.0, 1 - rule.threshold / 100), SEVERITY[rule.severity]
        name, said = f"{column.name}_is_filled_often_enough", f"null share at most {rule.threshold} %"
    elif column.is_guarded:
        share, severity, name, said = 1.0, "block", f"{column.name}_is_always_filled", "no null"
    else:
        share, severity, name, said = (
            1e-12,
            "record",
            f"{column.name}_is_filled_at_least_once",
            "null share below 100 %",
        )
    return Check(name, severity, "ExpectColumnValuesToNotBeNull", {"column": column.name, "mostly": share}, said)


def _freshness(contract: Contract, as_of: datetime) -> Iterator[Check]:
    if contract.freshness:
        value, unit, element = contract.freshness
        landed = {c.name for c in contract.landed}
        yield _recent(f"latest_{element}_is_fresh", element if element in landed else "_arrived_on", value, unit, as_of)
    if contract.frequency:
        value, unit = contract.frequency
        yield _recent("latest_arrival_is_not_overdue", "_arrived_on", value, unit, as_of, slack=timedelta(days=1))


def _recent(name: str, column: str, value: float, unit: str, as_of: datetime, slack: timedelta = timedelta()) -> Check:
    seconds = unit_seconds(unit)
    if seconds is None:
        raise ContractError(f"service level of {column}: unit {unit!r} is unknown; run `c360 lint`")
    oldest = as_of - timedelta(seconds=value * seconds) - slack
    arguments = {"column": column, "min_value": oldest.date() if column == "_arrived_on" else oldest}
    return Check(name, "warn", "ExpectColumnMaxToBeBetween", arguments, f"within {value:g} {unit} of {as_of:%F %H:%M}")


def _accepted(column: Column, error_rate: float) -> Check:
    what = "a_listed_value" if column.enum else "within_its_bounds"
    return Check(
        f"{column.name}_is_{what}",
        "warn",
        "ExpectColumnMinToBeBetween",
        {"column": f"{column.name}{ACCEPTED}", "min_value": 1 - error_rate / 100},
        f"at least {100 - error_rate:g} % of the values received",
    )


def _accepted_shares(contract: Contract, landing: Path, columns: list[Column]) -> str:
    """One row: per column the share of received values that kept to its bounds or set; what failed is in quarantine."""
    folder = landing.parent / "quarantine" / contract.dataset
    counts = ", ".join(f'count("{c.name}") as "{c.name}"' for c in columns)
    shares = ", ".join(_share(c.name) for c in columns)
    rules = ", ".join(f"'{c.name}.{r}'" for c in columns for r in ("minimum", "maximum", "enum"))
    failed = "select map([]::varchar[], []::bigint[]) as failed"
    if any(folder.glob("**/*.parquet")):
        failed = (
            "select map_from_entries(list((column_name, cells))) as failed from (select column_name, "
            "count(distinct (batch_id, row_no)) as cells "
            f"from read_parquet({_text(folder / '**' / '*.parquet')}, union_by_name = true, hive_partitioning = false) "
            f"where rule_id in ({rules}) and batch_id in ({_current_batches(contract)}) group by column_name)"
        )
    return f"select {shares} from (select {counts} from ({_current_rows(contract, landing)})) as l, ({failed}) as q"


def _share(column: str) -> str:
    kept, refused = f'l."{column}"', f"coalesce(q.failed['{column}'], 0)"
    return f'coalesce({kept} / nullif({kept} + {refused}, 0), 1.0) as "{column}{ACCEPTED}"'
