"""What the site tells, as plain data: promises from the contracts, how they were kept from the published file.

Put here: bringing the two together. Keep out: HTML (site.py and templates), SQL (queries.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.publish.governance_site import queries
from pipelines.publish.publish import PublishError
from quality.company import Company
from quality.contract import Column, Contract
from quality.definitions import ALLOWED, Term, load_definitions
from quality.lineage.sql import HOW
from quality.promises.consumers import Consumer, load_consumers
from quality.promises.output_contract import OutputContract, load_output_contracts
from quality.storage import opening

DAYS = 90
STRICTNESS = ALLOWED["classification"]
VALUES = ("same", "derived", "aggregated", "counted")  # of quality.lineage.sql.HOW
BAD = {"block": "broken", "warn": "warned"}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class TablePage:
    """One published table."""

    contract: OutputContract
    rows: int | None  # None: not published
    checks: tuple[Row, ...]
    consumers: tuple[Consumer, ...]
    lineage: Mapping[str, tuple[Row, ...]]  # by column

    @property
    def state(self) -> str:
        return _state(self.checks)

    def sources(self, kind: str) -> list[str]:
        """What its values are made of, sorted: datasets, or origins of ours (kind `dataset` or `origin`)."""
        return sorted({row[kind] for rows in self.lineage.values() for row in rows if row[kind] and is_value(row)})


@dataclass(frozen=True)
class DatasetPage:
    """One source dataset."""

    contract: Contract
    received: Row | None  # None: nothing landed yet
    checks: tuple[Row, ...]
    quarantine: tuple[Row, ...]
    feeds: Mapping[str, tuple[Row, ...]]  # lineage by field, what is made of its values first

    def classification(self, column: Column) -> str:
        """The contract's word, else the strictest of the column's terms."""
        terms = load_definitions().terms
        found = [column.classification] if column.classification else [terms[t].classification for t in column.terms]
        return max(found, key=STRICTNESS.index, default="internal")

    @property
    def state(self) -> str:
        return "stale" if self.received and self.received["is_stale"] else _state(self.checks)


@dataclass(frozen=True)
class TermPage:
    """One standard term, and where it is used."""

    term: Term
    tables: tuple[str, ...]  # table.column
    datasets: tuple[str, ...]  # dataset.column


@dataclass(frozen=True)
class Catalogue:
    """Everything the site tells of one company."""

    company: Company
    read_at: datetime
    last_run: Row | None
    tables: tuple[TablePage, ...]
    datasets: tuple[DatasetPage, ...]
    terms: tuple[TermPage, ...]
    consumers: tuple[Consumer, ...]
    days: tuple[Row, ...]
    broken: tuple[Row, ...]
    quarantine: tuple[Row, ...]
    journeys: tuple[Row, ...]
    changes: tuple[Row, ...]
    identities: tuple[Row, ...]

    @property
    def columns(self) -> int:
        return sum(len(t.contract.columns) for t in self.tables)


def read_catalogue(company: Company, published: Path, now: datetime) -> Catalogue:
    """Bring promises and facts together.

    Args:
        published: the published file; nothing else of the home is read.
        now: UTC, naive.
    Raises:
        PublishError: nothing is published yet.
    """
    if not published.is_file():
        raise PublishError(f"{published}: nothing is published yet; run `c360 run` first")
    with duckdb.connect(str(published), read_only=True, config=opening()) as connection:
        facts = {
            name: _rows(connection, getattr(queries, name))
            for name in ("TABLES", "CHECKS", "LAST_RUN", "QUARANTINE", "SOURCES", "CHANGES", "JOURNEYS")
            + ("IDENTITIES",)
        }
        facts["LINEAGE"] = _rows(connection, queries.LINEAGE, how=list(HOW))
        days = _rows(connection, queries.DAYS, days=DAYS)
        broken = _rows(connection, queries.BROKEN, days=DAYS)
    consumers = load_consumers(company.folder)
    return Catalogue(
        company=company,
        read_at=now,
        last_run=next(iter(facts["LAST_RUN"]), None),
        tables=_tables(consumers, facts),
        datasets=_datasets(company, facts),
        terms=_terms(company),
        consumers=tuple(consumers),
        days=tuple(days),
        broken=tuple(broken),
        quarantine=tuple(facts["QUARANTINE"]),
        journeys=tuple(facts["JOURNEYS"]),
        changes=tuple(facts["CHANGES"]),
        identities=tuple(facts["IDENTITIES"]),
    )


def _tables(consumers: list[Consumer], facts: Mapping[str, list[Row]]) -> tuple[TablePage, ...]:
    rows = {row["asset"]: row["rows"] for row in facts["TABLES"]}
    checks = _by(facts["CHECKS"], "asset")
    lineage = _by(facts["LINEAGE"], "table_name")
    return tuple(
        TablePage(
            contract=contract,
            rows=rows.get(contract.asset),
            checks=checks.get(contract.asset, ()),
            consumers=tuple(c for c in consumers if any(_reads(read, contract) for read in c.reads)),
            lineage=_by(lineage.get(contract.table, ()), "column_name"),
        )
        for contract in load_output_contracts().values()
    )


def _reads(read, contract: OutputContract) -> bool:
    return (read.table, read.major) == (contract.table.removesuffix(f"_v{contract.major}"), contract.major)


def _datasets(company: Company, facts: Mapping[str, list[Row]]) -> tuple[DatasetPage, ...]:
    received = {row["dataset"]: row for row in facts["SOURCES"]}
    checks = _by(facts["CHECKS"], "asset")
    quarantine = _by(facts["QUARANTINE"], "dataset")
    lineage = _by(facts["LINEAGE"], "dataset")
    return tuple(
        DatasetPage(
            contract=contract,
            received=received.get(contract.dataset),
            checks=checks.get(f"landing/{contract.dataset}", ()),
            quarantine=quarantine.get(contract.dataset, ()),
            feeds=_by(lineage.get(contract.dataset, ()), "field"),
        )
        for contract in company.contracts
    )


def _terms(company: Company) -> tuple[TermPage, ...]:
    tables: dict[str, list[str]] = defaultdict(list)
    for contract in load_output_contracts().values():
        for column in contract.columns:
            tables[column.term or ""].append(f"{contract.table}.{column.name}")
    datasets: dict[str, list[str]] = defaultdict(list)
    for source in company.contracts:
        for column in source.columns:
            for term in column.terms:
                datasets[term].append(f"{source.dataset}.{column.name}")
    return tuple(
        TermPage(term, tuple(tables.get(name, ())), tuple(datasets.get(name, ())))
        for name, term in sorted(load_definitions().terms.items())
    )


def is_value(way: Row) -> bool:
    """Whether a value is made of the other, and not only found or resolved by it."""
    return way["how"] in VALUES


def _state(checks: Iterable[Row]) -> str:
    """broken, warned, kept, or unknown where nothing was checked."""
    checks = list(checks)
    failed = {c["severity"] for c in checks if not c["success"]}
    return next((said for severity, said in BAD.items() if severity in failed), "kept" if checks else "unknown")


def _by(rows: Iterable[Row], column: str) -> dict[str, tuple[Row, ...]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row[column]].append(row)
    return {key: tuple(found) for key, found in grouped.items()}


def _rows(connection: duckdb.DuckDBPyConnection, query: str, **parameters: Any) -> list[dict[str, Any]]:
    return connection.sql(query, params=parameters).to_arrow_table().to_pylist()
