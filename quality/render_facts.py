"""What one dataset supplies to std_orders and std_cases: records of a business process under a key of their own.

Put here: order and case rows, line-grain sources grouped. Keep out: the interactions they cause (render_events.py).
"""

from __future__ import annotations

from quality import render_sql as sql
from quality.render_group import from_group, group_first
from quality.render_people import leading
from quality.render_std import BY_ENTITY, StandardTable, select_columns
from quality.render_value import Dataset

FRESHEST = {"landed_at": "max(landed_at)", "part_seq": "max(part_seq)"}


def render_orders(dataset: Dataset) -> str:
    """One row per order; order lines are counted, their amounts and quantities summed."""
    table = BY_ENTITY["order"]
    plain = ("ordered_at", "status", "amount", "tax", "discount", "shipping", "refunded", "quantity")
    values = {n: dataset.value(f"order.{n}", table.columns[n]) for n in plain}
    currency = dataset.value("order.currency", "text")
    if not dataset.is_off("order.currency"):
        currency = f"coalesce({currency}, {sql.literal(dataset.company.currency)})"
    values |= {"currency": currency, "lines": "1", "products": dataset.value("order.product_id", "text")}
    line_amount = dataset.value("order.line_amount", "money")
    key = "order.order_id"
    if dataset.is_grain(key):
        values["amount"] = f"coalesce({values['amount']}, {line_amount})"
        return _records(dataset, table, key, "order_key", values) + _plain(table)
    aggregates = FRESHEST | {
        "ordered_at": "min(ordered_at)",
        "amount": "sum(line_amount)",
        "lines": "count(*)",
        "quantity": "sum(quantity)",
        "products": sql.sorted_list("products"),
    }
    taken = from_group(table.all_columns, "records", "grouped", aggregates)
    taken["amount"] = "coalesce(records.amount, grouped.amount)"
    extra = f",\n        {line_amount} as line_amount"
    return _records(dataset, table, key, "order_key", values, extra) + _grouped(table, "order_key", aggregates, taken)


def render_cases(dataset: Dataset) -> str:
    """One row per case; rows of one case span from the first opening to the last closing."""
    table = BY_ENTITY["case"]
    values = {n: dataset.value(f"case.{n}", k) for n, k in table.columns.items() if n != "case_key"}
    if dataset.is_grain("case.case_id"):
        return _records(dataset, table, "case.case_id", "case_key", values) + _plain(table)
    aggregates = FRESHEST | {"opened_at": "min(opened_at)", "closed_at": "max(closed_at)"}
    taken = from_group(table.all_columns, "records", "grouped", aggregates)
    return _records(dataset, table, "case.case_id", "case_key", values) + _grouped(table, "case_key", aggregates, taken)


def _records(
    dataset: Dataset, table: StandardTable, term: str, name: str, values: dict[str, str], extra: str = ""
) -> str:
    key = dataset.key(term)
    return f"""with records as (
    select
        {select_columns(table, leading(dataset, key) | values | {name: key}, 8)},
        _record_key as record_key{extra}
    from {dataset.base}
    where _is_current and {key} is not null
)"""


def _plain(table: StandardTable) -> str:
    return f"\n\nselect\n    {select_columns(table, {n: n for n in table.all_columns})}\nfrom records\n"


def _grouped(table: StandardTable, key: str, aggregates: dict[str, str], taken: dict[str, str]) -> str:
    return f""",

grouped as ({group_first("records", key, aggregates)})

select
    {select_columns(table, taken)}
from records
inner join grouped on grouped.record_key = records.record_key
"""
