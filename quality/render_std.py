"""The eight standard tables: their columns and types, and the union of what the datasets supply.

Put here: the column lists (contract-conventions section 8), the union model, the empty table, the model documentation.
Keep out: how a dataset's rows are made (render_people.py, render_events.py, render_facts.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from quality import render_sql as sql

LEADING = {
    "dataset": "text",
    "record_id": "text",
    "subject_id": "text",
    "batch_id": "text",
    "landed_at": "timestamp",
    "arrived_on": "date",
    "part_seq": "bigint",
}
TECHNICAL_MEANINGS = {
    "dataset": "The source dataset.",
    "record_id": "The source record: dataset and record key; for orders, cases, accounts dataset, namespace, value.",
    "subject_id": "What identity resolves to a customer: a person record or a distinct identifier tuple.",
    "batch_id": "Content hash of the landed part.",
    "landed_at": "When the part was landed here, UTC.",
    "arrived_on": "The day the row arrived at the company.",
    "part_seq": "Number of the landed part in the manifest.",
    "first_arrived_on": "The day the key first arrived, over all its landed versions.",
    "identifier_type": "Which kind of identifier the value is.",
    "namespace": "Who issued the identifier; empty for e-mail and phone.",
    "value": "The value.",
    "first_seen": "The first instant the subject was seen with the identifier, UTC.",
    "last_seen": "The last instant the subject was seen with the identifier, UTC.",
    "interaction_id": "md5 of dataset, slot and key: no time, batch, file or touchpoint enters.",
    "occurred_precision": "second, or day where the source knows the day only.",
    "priority": "Order of datasets at the same instant, lower first.",
    "slot": "Position of the event's column in its contract.",
    "lines": "Rows of the source that make up the order.",
    "products": "The distinct products of the order, sorted, by comma.",
    "scale_min": "Lowest score of the scale.",
    "scale_max": "Highest score of the scale.",
    "score_01": "The score on a scale from 0 to 1.",
    "response_key": "Key of the response the answer belongs to.",
    "attributes": "Flat JSON of further facts.",
}
PARTS_TABLE = "parts_table"  # dbt_project/macros/parts_table.sql
TERM_OF = {
    "order_key": "order_id",
    "case_key": "case_id",
    "account_key": "account_id",
    "parent_key": "parent_id",
    "response_key": "response_id",
}


@dataclass(frozen=True)
class StandardTable:
    """One standard table; `columns` (name → kind) follow the leading ones."""

    name: str
    entity: str
    grain: str
    columns: Mapping[str, str]

    @property
    def all_columns(self) -> dict[str, str]:
        return {**LEADING, **self.columns}

    def term_of(self, column: str) -> str:
        """The term a column is filled from: account keys are `account.account_id` everywhere."""
        entity = "account" if column in ("account_key", "parent_key") else self.entity
        if column == "occurred_at" and self.entity == "consent":
            return "consent.at"
        return f"{entity}.{TERM_OF.get(column, column)}"


def _columns(text: str, **kinds: str) -> dict[str, str]:
    return {name: kinds.get(name, "text") for name in text.split()}


STANDARD_TABLES = (
    StandardTable(
        "std_persons",
        "person",
        "One row per current person record.",
        _columns(
            "full_name first_name middle_name last_name title birth_date gender marital_status email phone street city "
            "region postcode country language occupation income account_key attributes valid_at first_arrived_on",
            birth_date="date",
            income="money",
            valid_at="timestamp",
            first_arrived_on="date",
        ),
    ),
    StandardTable(
        "std_accounts",
        "account",
        "One row per organisation a dataset knows.",
        _columns(
            "account_key name industry country registration_number size_band parent_key valid_at", valid_at="timestamp"
        ),
    ),
    StandardTable(
        "std_identifiers",
        "identifier",
        "One row per subject, identifier type, namespace and value.",
        _columns(
            "identifier_type namespace value first_seen last_seen first_arrived_on",
            first_seen="timestamp",
            last_seen="timestamp",
            first_arrived_on="date",
        ),
    ),
    StandardTable(
        "std_interactions",
        "interaction",
        "One row per interaction.",
        _columns(
            "interaction_id touchpoint channel is_online assisted initiator occurred_at occurred_precision priority "
            "sequence slot session_id order_key case_key account_key value currency cost use_case programme_id source "
            "medium campaign url attributes",
            interaction_id="id",
            is_online="boolean",
            assisted="boolean",
            occurred_at="timestamp",
            priority="integer",
            sequence="bigint",
            slot="integer",
            value="money",
            cost="money",
        ),
    ),
    StandardTable(
        "std_orders",
        "order",
        "One row per order.",
        _columns(
            "order_key ordered_at status amount currency tax discount shipping refunded lines quantity products",
            ordered_at="timestamp",
            lines="bigint",
            **dict.fromkeys(("amount", "tax", "discount", "shipping", "refunded", "quantity"), "money"),
        ),
    ),
    StandardTable(
        "std_cases",
        "case",
        "One row per service case.",
        _columns(
            "case_key opened_at closed_at topic status priority channel cost",
            opened_at="timestamp",
            closed_at="timestamp",
            cost="money",
        ),
    ),
    StandardTable(
        "std_surveys",
        "survey",
        "One row per survey answer.",
        _columns(
            "response_key survey metric question responded_at score scale_min scale_max score_01 comment",
            responded_at="timestamp",
            **dict.fromkeys(("score", "scale_min", "scale_max", "score_01"), "number"),
        ),
    ),
    StandardTable(
        "std_consents",
        "consent",
        "One row per consent statement, over all landed versions.",
        _columns(
            "purpose lawful_basis channel granted occurred_at",
            granted="boolean",
            occurred_at="timestamp",
        ),
    ),
)
BY_ENTITY = {t.entity: t for t in STANDARD_TABLES}


def select_columns(table: StandardTable, expressions: Mapping[str, str], indent: int = 4) -> str:
    """The select list of `table` in its order and types; a column without an expression is null."""
    pad = " " * indent
    return (",\n" + pad).join(
        f"cast({expressions.get(name, 'null')} as {sql.TYPES[kind]}) as {name}"
        for name, kind in table.all_columns.items()
    )


def render_union(table: StandardTable, datasets: list[str]) -> str:
    """The standard table: what every dataset supplies; empty and typed when none does."""
    if not datasets:
        return f"select\n    {select_columns(table, {})}\nwhere false\n"
    names = ",\n    ".join(table.all_columns)
    selects = [f"select\n    {names}\nfrom {{{{ ref('{table.name}__{d}') }}}}\n" for d in datasets]
    return "\nunion all\n\n".join(selects)
