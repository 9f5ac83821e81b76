"""Who reads the published tables, and which columns: consumers.yml.

Put here: reading consumers.yml of the product and of a company, and its faults. Keep out: what a change does to a
consumer (change_control.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from quality.contract import ContractError
from quality.promises.output_contract import OutputContract

FILE = Path(__file__).with_name("consumers.yml")  # what the product itself reads
NAME = "consumers.yml"
TYPES = ("dashboard", "notebook", "analysis", "ml", "application")  # dbt's kinds of exposure
ALL = "*"
KEYS = {"type", "owner", "email", "purpose", "reads"}


@dataclass(frozen=True)
class Read:
    """Columns of one major version of a table; `*` for all."""

    table: str
    major: int
    columns: tuple[str, ...]

    def needs(self, column: str | None) -> bool:
        """Whether a change of `column`, or of the whole table (None), reaches the reader."""
        return column is None or self.columns == (ALL,) or column in self.columns


@dataclass(frozen=True)
class Consumer:
    """One report, model or program that reads published tables."""

    name: str
    type: str
    owner: str
    email: str
    purpose: str
    reads: tuple[Read, ...]


def load_consumers(company: Path) -> list[Consumer]:
    """The product's own consumers and the company's, by name.

    Args:
        company: the company's folder; one without consumers.yml declares none.
    Raises:
        ContractError: a file lacks something, or says something unknown.
    """
    files = [FILE, *[f for f in [company / NAME] if f.is_file()]]
    return sorted((c for file in files for c in _read(file)), key=lambda c: c.name)


def consumer_faults(consumers: list[Consumer], contracts: Mapping[str, OutputContract]) -> list[str]:
    """Every read of a table, version or column that nobody promises, a line each."""
    served = served_versions(contracts)
    faults = []
    for consumer in consumers:
        for read in consumer.reads:
            contract = served.get((read.table, read.major))
            if contract is None:
                faults.append(f"{consumer.name} reads {read.table}@{read.major}, which no contract promises")
                continue
            known = {c.name for c in contract.columns}
            faults += [
                f"{consumer.name} reads {read.table}@{read.major}.{column}, which its contract does not promise"
                for column in read.columns
                if column != ALL and column not in known
            ]
    return faults


def served_versions(contracts: Mapping[str, OutputContract]) -> dict[tuple[str, int], OutputContract]:
    """Contracts by the plain name of the table and the major version."""
    return {(c.table.removesuffix(f"_v{c.major}"), c.major): c for c in contracts.values()}


def _read(file: Path) -> Iterator[Consumer]:
    entries = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader) or {}
    for name, entry in entries.items():
        if not isinstance(entry, Mapping) or set(entry) != KEYS:
            raise ContractError(f"{file}: {name}: needs exactly {', '.join(sorted(KEYS))}")
        if entry["type"] not in TYPES:
            raise ContractError(f"{file}: {name}.type is {entry['type']!r}; allowed: {', '.join(TYPES)}")
        reads = tuple(_reads(file, name, entry["reads"]))
        yield Consumer(name, entry["type"], entry["owner"], entry["email"], entry["purpose"], reads)


def _reads(file: Path, name: str, reads: Mapping[str, Any]) -> Iterator[Read]:
    for place, columns in reads.items():
        table, _, major = place.partition("@")
        if not major.isdigit():
            raise ContractError(f"{file}: {name}.reads: {place!r}; write table@major, such as fct_orders@1")
        yield Read(table, int(major), (ALL,) if columns == ALL else tuple(columns))
