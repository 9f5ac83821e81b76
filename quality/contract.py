"""A source contract as plain, typed Python: one file, one dataset.

Put here: the shape of a contract. Keep out: how it is read from ODCS YAML (read_contract.py), whether it is right
(gate.py), the SQL made from it (render_*.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
)
CREDENTIALS = re.compile(
    r"://[^/@\s:]*:(?!\$\{\w+\}@)[^/@\s]+@|[?&;](password|passwd|pwd|secret|token|api_?key|sig)=(?!\$\{)", re.I
)


class ContractError(ValueError):
    """A contract, or a file beside it, cannot be used. The message names file, path and remedy."""


def fill_variables(text: str, env: Mapping[str, str], what: str) -> str:
    """`text` with every `${VAR}` replaced from `env`.

    Args:
        what: names the text in the message.
    Raises:
        ContractError: a variable is not set.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in env:
            raise ContractError(f"{what} {text!r}: environment variable {match[1]} is not set; export it")
        return env[match[1]]

    return re.sub(r"\$\{(\w+)\}", value, text)


@dataclass(frozen=True)
class ReadOptions:
    """How the bytes of a file become columns; the defaults are contract-conventions section 2's."""

    delimiter: str = ","
    header: bool = True
    quote: str = '"'
    escape: str = '"'
    row_suffix: str = ""
    strict: bool = True


@dataclass(frozen=True)
class Pages:
    """How an API says what comes after a page.

    kind: none (one page), cursor (a value at `path`, sent back as `param`), link (an address at `path`), header (the
    Link header), number or offset (`param`, counted from `first`; the last page is an empty one).
    """

    kind: str = "none"
    path: str = ""
    param: str = ""
    first: int = 0


@dataclass(frozen=True)
class Days:
    """The parameters by which an API is asked for days: from `first` on, before `end` (empty: it has none)."""

    first: str
    end: str
    format: str  # Java pattern


@dataclass(frozen=True)
class ApiOptions:
    """How an API is asked; texts with `${VAR}` not yet replaced."""

    rows: str = "$"  # JSON path of the array of rows
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    pages: Pages = Pages()
    days: Days | None = None


@dataclass(frozen=True)
class Server:
    """Where rows come from. `location` is a pattern of paths or of `s3://…`, a SQLAlchemy URL or a REST address, with
    `${VAR}` not yet replaced; `resolve` replaces it."""

    kind: str  # file | sql | api
    location: str
    format: str  # csv | jsonl | json | parquet | xlsx | sql
    encoding: str = "utf-8"
    read: ReadOptions = ReadOptions()
    api: ApiOptions | None = None
    endpoint: str | None = None  # of an object storage that is not Amazon's

    def resolve(self, env: Mapping[str, str]) -> str:
        """The location with every `${VAR}` replaced from `env`.

        Raises:
            ContractError: a variable is not set.
        """
        return fill_variables(self.location, env, "location")


@dataclass(frozen=True)
class Rule:
    """One `quality` entry. `rule_id` is `<column>.<id>` or `<dataset>.<id>`."""

    rule_id: str
    kind: str  # invalidValues | nullValues | missingValues | duplicateValues | rowCount | sql | custom
    severity: str  # info | warning | error
    operator: str  # one of OPERATORS
    threshold: Any
    percent: bool = False
    arguments: Mapping[str, Any] = field(default_factory=dict)
    query: str | None = None


@dataclass(frozen=True)
class Column:
    """One property. Derived: `transform` without `physical_name`; it is not landed."""

    name: str
    slot_id: str  # the ODCS id, else the name; part of every interaction_id
    position: int  # 1-based, in the contract
    physical_name: str | None
    logical_type: str
    physical_type: str | None
    format: str | None  # Java pattern
    default_timezone: str | None
    has_offset: bool
    key_position: int | None  # 1-based place in the primary key
    required: bool
    unique: bool
    enum: tuple[str, ...]
    pattern: str | None
    minimum: float | None
    maximum: float | None
    transform: str | None
    terms: tuple[str, ...]  # "person.email", …
    namespace: str | None
    value_mapping: Mapping[str, str | None] | None
    constants: Mapping[str, Any]
    rules: tuple[Rule, ...]
    classification: str | None
    tags: tuple[str, ...]
    description: str | None

    @property
    def is_derived(self) -> bool:
        return self.transform is not None and self.physical_name is None

    @property
    def is_guarded(self) -> bool:
        """A failed cell of this column quarantines the whole row."""
        return self.required or self.key_position is not None


@dataclass(frozen=True)
class Contract:
    """One source dataset."""

    file: Path
    dataset: str
    version: str
    status: str
    domain: str
    purpose: str
    limitations: str | None
    team: str
    owner: str | None
    grain: str | None
    server: Server
    table: str  # physicalName of the schema object: the table of a SQL source
    columns: tuple[Column, ...]
    load_mode: str  # append | snapshot
    cursor: str | None
    priority: int
    constants: Mapping[str, Any]
    rules: tuple[Rule, ...]  # batch rules
    error_rate: float | None  # percent
    frequency: tuple[float, str] | None
    freshness: tuple[float, str, str | None] | None  # value, unit, column
    retention: tuple[float, str, str | None] | None
    alert_addresses: tuple[str, ...] = ()  # url of each `support` entry of scope notifications
    watched: tuple[Rule, ...] = ()  # what the contract says of a check nobody wrote; `query` is its name

    @property
    def landed(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if not c.is_derived)

    @property
    def derived(self) -> tuple[Column, ...]:
        return tuple(c for c in self.columns if c.is_derived)

    @property
    def key(self) -> tuple[Column, ...]:
        return tuple(sorted((c for c in self.columns if c.key_position), key=lambda c: c.key_position))

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)

    def with_term(self, term: str) -> tuple[Column, ...]:
        """Columns linked to `term`, in contract order."""
        return tuple(c for c in self.columns if term in c.terms)

    def has_entity(self, entity: str) -> bool:
        """Whether any column is linked to a term `<entity>.*`."""
        return any(t.startswith(f"{entity}.") for c in self.columns for t in c.terms)
