"""A warehouse of a few rows: persons, identifiers, interactions as the standard tables hold them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pyarrow as pa

from identity.config import IdentityConfig, load_config
from identity.engine import DuckDBEngine
from identity.model import MatchModel
from identity.resolve import ResolveReport, resolve

PERSONS = """
    dataset varchar, record_id varchar, subject_id varchar, batch_id varchar, landed_at timestamp, arrived_on date,
    part_seq bigint, full_name varchar, first_name varchar, middle_name varchar, last_name varchar, title varchar,
    birth_date date, gender varchar, marital_status varchar, email varchar, phone varchar, street varchar,
    city varchar, region varchar, postcode varchar, country varchar, language varchar, occupation varchar,
    income decimal(18,2), account_key varchar, attributes varchar, valid_at timestamp, first_arrived_on date
"""
IDENTIFIERS = """
    dataset varchar, record_id varchar, subject_id varchar, batch_id varchar, landed_at timestamp, arrived_on date,
    part_seq bigint, identifier_type varchar, namespace varchar, value varchar, first_seen timestamp,
    last_seen timestamp, first_arrived_on date
"""
INTERACTIONS = """
    dataset varchar, record_id varchar, subject_id varchar, batch_id varchar, landed_at timestamp, arrived_on date,
    part_seq bigint, interaction_id varchar, touchpoint varchar, occurred_at timestamp, priority int, sequence bigint,
    slot int, session_id varchar
"""
ACCOUNTS = """
    dataset varchar, record_id varchar, subject_id varchar, batch_id varchar, landed_at timestamp, arrived_on date,
    part_seq bigint, account_key varchar, name varchar, industry varchar, country varchar, registration_number varchar,
    size_band varchar, parent_key varchar, valid_at timestamp
"""
STRONG = {
    "government_id": (10, None, None),
    "customer_id": (20, 1, None),
    "person_id": (30, 1, None),
    "loyalty_number": (40, 1, None),
    "user_id": (50, 1, None),
    "email": (60, None, 5),
    "phone": (70, None, 5),
}
TERMS = {
    f"identifier.{name}": SimpleNamespace(strength="strong", order=order, cardinality=cardinality, fan_out=fan_out)
    for name, (order, cardinality, fan_out) in STRONG.items()
} | {
    f"identifier.{name}": SimpleNamespace(strength="weak", order=order, cardinality=None, fan_out=None)
    for name, order in (("device_id", 80), ("cookie_id", 90))
}
NAMESPACED = {"government_id", "customer_id", "person_id", "loyalty_number", "user_id", "device_id", "cookie_id"}


class Warehouse:
    """A DuckDB file with the four standard tables, filled row by row; `run_no`: how often it has been resolved."""

    def __init__(self, file: Path | str = ":memory:", run_no: int = 0) -> None:
        self.con = duckdb.connect(str(file), config={"threads": 1})
        self.con.execute("create schema if not exists std")
        tables = {"persons": PERSONS, "identifiers": IDENTIFIERS, "interactions": INTERACTIONS, "accounts": ACCOUNTS}
        for name, columns in tables.items():
            self.con.execute(f"create table if not exists std.std_{name} ({columns})")
        self.run_no = run_no

    def insert(self, table: str, **values) -> None:
        names, marks = ", ".join(values), ", ".join("?" * len(values))
        self.con.execute(f"insert into std.std_{table} ({names}) values ({marks})", list(values.values()))

    def person(self, subject: str, on: str = "2024-01-01", ids: dict[str, str] | None = None, **attributes) -> str:
        """A person record with its identifiers; ids are `type` or `type@namespace` -> value."""
        dataset = subject.split(":")[0]
        stamp = {"dataset": dataset, "record_id": subject, "subject_id": subject, "arrived_on": on}
        self.insert("persons", **stamp, first_arrived_on=on, **attributes)
        self.identify(subject, on, ids or {})
        return subject

    def identify(self, subject: str, on: str = "2024-01-01", ids: dict[str, str] | None = None) -> str:
        """Identifier rows of a subject: a person record, or an event tuple of its own."""
        dataset = subject.split(":")[0]
        for key, value in (ids or {}).items():
            kind, _, namespace = key.partition("@")
            if kind in NAMESPACED and not namespace:
                namespace = "main"
            stamp = {"dataset": dataset, "record_id": subject, "subject_id": subject, "arrived_on": on}
            self.insert(
                "identifiers", **stamp, identifier_type=kind, namespace=namespace, value=value, first_arrived_on=on
            )
        return subject

    def account(self, key: str, dataset: str = "crm", **attributes) -> None:
        stamp = {"dataset": dataset, "record_id": f"{dataset}:{key}", "arrived_on": "2024-01-01"}
        self.insert("accounts", **stamp, account_key=key, **attributes)

    def event(self, subject: str | None, at: str, touchpoint: str = "page_viewed", sequence: int = 0) -> None:
        number = self.con.execute("select count(*) from std.std_interactions").fetchone()[0]
        self.insert(
            "interactions", dataset=(subject or "web").split(":")[0], subject_id=subject, touchpoint=touchpoint,
            interaction_id=f"i{number:04d}", occurred_at=at, priority=50, sequence=sequence, slot=1,
        )  # fmt: skip

    def close(self) -> None:
        self.con.close()

    def resolve(
        self,
        config: IdentityConfig | None = None,
        at: str | None = None,
        decisions: pa.Table | None = None,
        model: MatchModel | None = None,
        full_from: float = 0.0,
        keep: Callable[[MatchModel], object] | None = None,
    ) -> ResolveReport:
        """Resolve everything; only what changes reach where `full_from` is above 1."""
        self.run_no += 1
        known_at = datetime.fromisoformat(at) if at else datetime(2025, 1, self.run_no)
        return resolve(
            DuckDBEngine(self.con),
            config or load_config(None, TERMS),
            known_at=known_at,
            run_id=f"run{self.run_no}",
            decisions=decisions,
            model=model,
            full_from=full_from,
            keep=keep,
        )

    def rows(self, query: str) -> list[tuple]:
        return self.con.execute(query).fetchall()

    def customer_of(self, subject: str) -> str | None:
        [(found,)] = self.rows(f"select customer_id from identity.id_lookup where subject_id = '{subject}'")
        return found and str(found)

    def groups(self) -> set[frozenset[str]]:
        """Subjects by customer."""
        rows = self.rows(
            "select list(subject_id) from identity.id_lookup where customer_id is not null group by customer_id"
        )
        return {frozenset(subjects) for (subjects,) in rows}

    def state_of(self, value: str) -> str:
        [(state,)] = self.rows(f"select state from identity.identifiers where value = '{value}'")
        return state

    def exceeded_limits(self) -> list[tuple]:
        """Where a customer has more values of a type than the defaults allow, or a hub links somebody."""
        limits = load_config(None, TERMS)
        held = self.rows(
            """
            select customer_id, split_part(subject_id, '|', 1), split_part(subject_id, '|', 2), count(*)
            from identity.membership where kind = 'identifier' and known_to is null group by all
            """
        )
        return [row for row in held if row[3] > (limits.cardinality_of(row[1], row[2]) or row[3])] + self.rows(
            """
            select i.node, e.rule from identity.edges e join identity.identifiers i on i.node in (left_node, right_node)
            where i.state = 'hub' and e.state = 'accepted' and e.rule <> 'decision'
            """
        )

    def unresolved_ids(self) -> list[tuple]:
        """Customer ids that were given out once and lead nowhere now."""
        return self.rows(
            """
            select customer_id from identity.membership
            except select customer_id from identity.customers
            except select old_id from identity.id_redirects
            """
        )
