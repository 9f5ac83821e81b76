"""The relations identity writes: their columns, and how a new state replaces the old one in one step.

Put here: DDL of schemas `identity` and `identity_index`, publishing.
Keep out: how the rows come about.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from identity.engine import Engine
from identity.evidence import KEPT_COLUMNS
from identity.scope import Scope

SCHEMA, INDEX_SCHEMA = "identity", "identity_index"
PERSON_COLUMNS = (
    "full_name text, first_name varchar, middle_name varchar, last_name text, title varchar, birth_date date, "
    "gender varchar, marital_status varchar, email text, phone text, street text, city varchar, "
    "region varchar, postcode varchar, country varchar, language varchar, occupation varchar, income decimal(18,2), "
    "account_key varchar, attributes varchar"
)
# Rebuilt by every resolve. `text` is a varchar of which hardly two rows have one value (`Engine.text`).
STATE = {
    "customers": "customer_id uuid, knowledge_level varchar, anchor text, first_arrived_on date, records bigint, "
    "identifiers bigint",
    "id_lookup": "subject_id text, customer_id uuid, resolved_by varchar, device_key varchar",
    "device_intervals": "device_key varchar, customer_id uuid, valid_from timestamp, valid_to timestamp, "
    "reason varchar",
    "device_customers": "device_key varchar, customer_id uuid",
    "golden_profiles": f"customer_id uuid, {PERSON_COLUMNS}",
    "account_groups": "account_group_id uuid, account_key varchar, top_parent_key varchar, is_in_cycle boolean, "
    "reason varchar",
    "households": "household_id uuid, customer_id uuid, reason varchar",
    "edges": "left_node text, right_node text, rule varchar, weight double, evidence varchar, state varchar, "
    "reason varchar",
    "identifiers": "identifier_type varchar, namespace varchar, value text, node text, strength varchar, "
    "records bigint, state varchar",
    "review_queue": "left_node varchar, right_node varchar, reason varchar, rule varchar, weight double, "
    "detail varchar",
    "decisions": "decision_id varchar, verdict varchar, left_node varchar, right_node varchar",
    "id_redirects": 'old_id uuid, new_id uuid, cause varchar, "at" timestamp',
    "phone_cache": "value varchar, country varchar, canonical varchar",
}
_OWN = ("first_name", "last_name", "birth_date", "street_name", "email", "phone", "government_id")
_OF_EVIDENCE = {"formal": "varchar[]", "is_given_name": "boolean", **dict.fromkeys(_OWN, "text")}
# What the next resolve goes on from; keys are `identity.sql.key_of` of names. Nothing else reads it.
INDEX = {
    "basis": "basis varchar",
    "subjects": "subject_key ubigint, digest hugeint",
    "reach": "subject_key ubigint, node_key ubigint, identifier_type varchar, namespace varchar, is_record boolean, "
    "dataset varchar, first_arrived_on date",
    "regions": "key ubigint, region integer",
    "evidence": "subject_key ubigint, "
    + ", ".join(f"{name} {_OF_EVIDENCE.get(name, 'varchar')}" for name in KEPT_COLUMNS),
    "blocks": "subject_key ubigint, block uinteger",
    "household_shares": "customer_id uuid, reason varchar, key ubigint",
}
# Only ever added to; a row with known_to is closed once, and never changed otherwise.
HISTORY = {
    "membership": "subject_id text, kind varchar, customer_id uuid, valid_from timestamp, valid_to timestamp, "
    "known_from timestamp, known_to timestamp",
    "golden_cell_history": "customer_id uuid, attribute varchar, value text, dataset varchar, record_id text, "
    "rule varchar, known_from timestamp, known_to timestamp",
    "id_events": 'event_id uuid, event varchar, customer_id uuid, other_id uuid, cause varchar, "at" timestamp, '
    "run_id varchar",
}
# The present of a history, so that nothing is kept twice.
VIEWS = {
    "golden_cells": "select customer_id, attribute, value, dataset, record_id, rule "
    f"from {SCHEMA}.golden_cell_history where known_to is null",
}


def create_tables(engine: Engine) -> None:
    """Create whatever relation is missing, empty."""
    statements = [f"create schema if not exists {schema}" for schema in (SCHEMA, INDEX_SCHEMA)]
    if engine.columns(f"{SCHEMA}.golden_cells") and not engine.columns(f"{SCHEMA}.golden_cell_history"):
        statements.append(f"drop table {SCHEMA}.golden_cells")  # a home from before there was a history of cells
    for name, ddl in {**STATE, **INDEX, **HISTORY}.items():
        statements.append(f"create table if not exists {_place(name)} ({_typed(engine, ddl)})")
    for name, query in VIEWS.items():
        statements.append(f"create view if not exists {SCHEMA}.{name} as {query}")
    engine.publish(statements)


def columns_of(name: str) -> tuple[str, ...]:
    """Columns of a relation, in order."""
    return tuple(part.split()[0] for part in {**STATE, **INDEX, **HISTORY}[name].split(", "))


def _place(name: str) -> str:
    return f"{INDEX_SCHEMA if name in INDEX else SCHEMA}.{name}"


def _typed(engine: Engine, ddl: str) -> str:
    return re.sub(r"\btext\b", engine.text, ddl)


def replace_state(engine: Engine, queries: Mapping[str, str], history: list[str], scope: Scope) -> None:
    """Put a new state in place of the old one; after a crash it is either all there or not at all.

    Args:
        queries: relation of STATE or INDEX -> query of its rows, with its columns by name.
        history: statements on the relations of HISTORY.
        scope: what is replaced: everything, or the rows of a region.
    """
    statements, ddl = list(history), {**STATE, **INDEX}
    for name, query in queries.items():
        columns = ", ".join(columns_of(name))
        replaced = scope.replaced(name)
        statements.append(
            f"delete from {_place(name)} where {replaced}"
            if replaced
            else f"create or replace table {_place(name)} ({_typed(engine, ddl[name])})"
        )
        statements.append(f"insert into {_place(name)} ({columns}) select {columns} from ({query})")
    engine.publish(statements)
