"""What one dataset supplies to std_interactions, std_surveys and std_consents: the tables made of slots.

Put here: rows made per slot column, touchpoint defaults, attributes.
Keep out: orders and cases (render_facts.py), the rows identity resolves (render_people.py).
"""

from __future__ import annotations

from quality import render_sql as sql
from quality.contract import Column
from quality.render_group import from_group, group_first
from quality.render_people import leading
from quality.render_std import BY_ENTITY, select_columns
from quality.render_value import UNMAPPED, Dataset

TOUCHPOINT_DEFAULTS = {
    "channel": "channel",
    "is_online": "is_online",
    "assisted": "assisted",
    "initiator": "initiator",
    "use_case": "use_case",
    "cost": "unit_cost",
}
METRICS = ("csat", "nps", "ces")
NEXT = "\n        and "


def render_interactions(dataset: Dataset) -> str:
    """One interaction per row and slot with a time; with `interaction.key`, one per key, its value summed."""
    slots = dataset.contract.with_term("interaction.occurred_at")
    ctes = [cte for slot in slots for cte in _interaction_ctes(dataset, slot)]
    return f"with {_ctes(ctes)}\n{_union([f'final_{s.position}' for s in slots])}"


def _interaction_ctes(dataset: Dataset, slot: Column) -> list[str]:
    table = BY_ENTITY["interaction"]
    attributes = dataset.contract.with_term("interaction.attribute")
    keys = dataset.contract.with_term("interaction.key")
    key = f"coalesce({dataset.typed(keys[0], 'text')}, _record_key)" if keys else "_record_key"
    occurred_at, touchpoint = dataset.typed(slot, "timestamp"), dataset.touchpoint(slot)
    plain = ("channel", "is_online", "assisted", "initiator", "sequence", "session_id", "value", "currency", "cost")
    plain += ("use_case", "programme_id", "source", "medium", "campaign", "url")
    values = {n: dataset.value(f"interaction.{n}", table.columns[n], slot) for n in plain}
    values |= {
        "interaction_id": sql.hash_id(sql.literal(dataset.name), sql.literal(slot.slot_id), key),
        "touchpoint": touchpoint,
        "occurred_at": occurred_at,
        "occurred_precision": "'day'" if dataset.is_day(slot) else "'second'",
        "priority": str(dataset.contract.priority),
        "slot": str(slot.position),
        "order_key": dataset.key("interaction.order_id", "order.order_id"),
        "case_key": dataset.key("interaction.case_id", "case.case_id"),
        "account_key": dataset.key("account.account_id"),
    }
    extra = "".join(f",\n        {dataset.typed(c, 'text')} as attribute_{c.position}" for c in attributes)
    rows, grouped = f"slot_{slot.position}", f"grouped_{slot.position}"
    kept = dataset.is_kept(slot)
    conditions = ["_is_latest", *([kept] if kept else []), *([] if keys else [f"{occurred_at} is not null"])]
    ctes = [
        f"""{rows} as (
    select
        {select_columns(table, leading(dataset) | values, 8)},
        {key} as interaction_key,
        _record_key as record_key{extra}
    from {dataset.base}
    where
        {NEXT.join(conditions)}
)"""
    ]
    aggregates, join = {}, ""
    if keys:
        aggregates = {
            "occurred_at": "min(occurred_at)",
            "value": "sum(value)",
            "landed_at": "max(landed_at)",
            "part_seq": "max(part_seq)",
        }
        ctes.append(f"{grouped} as ({group_first(rows, 'interaction_key', aggregates)})")
        # A row without a time still counts in the value of its group; a group without any makes no interaction.
        join = f"""
    inner join {grouped}
        on {grouped}.record_key = {rows}.record_key and {grouped}.occurred_at is not null"""
    taken = from_group(table.all_columns, rows, grouped, aggregates)
    taken |= {
        n: f"coalesce({taken[n]}, touchpoints.{d})"
        for n, d in TOUCHPOINT_DEFAULTS.items()
        if not dataset.is_off(f"interaction.{n}", slot)
    }
    taken["touchpoint"] = f"coalesce(touchpoints.touchpoint, '{UNMAPPED}')"
    taken["attributes"] = sql.json_text(_attributes(dataset, attributes, rows))
    if not dataset.is_off("interaction.currency", slot):
        taken["currency"] = f"coalesce({taken['currency']}, {sql.literal(dataset.company.currency)})"
    ctes.append(
        f"""final_{slot.position} as (
    select
        {select_columns(table, taken, 8)}
    from {rows}{join}
    left join {{{{ source('landing_control', 'touchpoints') }}}} as touchpoints
        on touchpoints.touchpoint = {rows}.touchpoint
)"""
    )
    return ctes


def _attributes(dataset: Dataset, columns: tuple[Column, ...], rows: str) -> dict[str, str]:
    """Key → value of every attribute column some touchpoint declares, only at the touchpoints that declare it."""
    found = {}
    for column in columns:
        declared = [t.touchpoint for t in dataset.company.touchpoints.values() if column.name in t.attributes]
        if declared:
            names = ", ".join(sql.literal(t) for t in declared)
            found[column.name] = f"case when {rows}.touchpoint in ({names}) then {rows}.attribute_{column.position} end"
    return found


def render_surveys(dataset: Dataset) -> str:
    """One answer per row and score column; a wide survey names its questions by their columns."""
    table = BY_ENTITY["survey"]
    selects = []
    slots = dataset.contract.with_term("survey.score")
    for slot in slots:
        score = dataset.typed(slot, "number")
        low, high = sql.literal(slot.minimum), sql.literal(slot.maximum)
        metric = f"lower({dataset.value('survey.metric', 'text', slot)})"
        question = dataset.value("survey.question", "text", slot)
        response_id = dataset.contract.with_term("survey.response_id")
        values = {
            "response_key": dataset.key("survey.response_id") if response_id else "_record_key",
            "survey": dataset.value("survey.survey", "text", slot),
            "metric": f"case when {metric} in {METRICS} then {metric} else 'other' end",
            "question": f"coalesce({question}, {sql.literal(slot.name)})" if len(slots) > 1 else question,
            "responded_at": dataset.value("survey.responded_at", "timestamp", slot),
            "score": score,
            "scale_min": low,
            "scale_max": high,
            "score_01": f"({score} - {low}) / nullif(cast({high} as double) - {low}, 0)",
            "comment": dataset.value("survey.comment", "text", slot),
        }
        selects.append(
            f"select\n    {select_columns(table, leading(dataset) | values)}\n"
            f"from {dataset.base}\nwhere _is_current and {score} is not null\n"
        )
    return "\nunion all\n\n".join(selects)


def render_consents(dataset: Dataset) -> str:
    """Every statement of every landed version: a version that repeats the one before it states nothing new."""
    table = BY_ENTITY["consent"]
    slots = dataset.contract.with_term("consent.granted")
    has_time = bool(dataset.contract.with_term("consent.at"))
    said = ["granted", "purpose", "lawful_basis", "channel", *(["occurred_at"] if has_time else [])]
    ctes = []
    for slot in slots:
        granted = dataset.typed(slot, "boolean")
        values = {n: dataset.value(f"consent.{n}", "text", slot) for n in ("purpose", "lawful_basis", "channel")}
        # A later version of an order says its consent when the version was made, not when the order was placed.
        stated_at = f"coalesce({dataset.value('consent.at', 'timestamp')}, {dataset.version_time}, {dataset.row_time})"
        values |= {"granted": granted, "occurred_at": stated_at}
        order = "over (partition by record_key order by occurred_at, arrived_on, part_seq, row_no)"
        changes = "\n        or ".join(f"{n} is distinct from before_{n}" for n in said)
        before = ",\n        ".join(f"lag({n}) {order} as before_{n}" for n in said)
        names = ",\n        ".join(table.all_columns)
        ctes.append(
            f"""slot_{slot.position} as (
    select
        {select_columns(table, leading(dataset) | values, 8)},
        _record_key as record_key,
        _row as row_no
    from {dataset.base}
    where {granted} is not null
),

compared_{slot.position} as (
    select
        *,
        {before}
    from slot_{slot.position}
),

final_{slot.position} as (
    select
        {names}
    from compared_{slot.position}
    where
        {changes}
)"""
        )
    return f"with {_ctes(ctes)}\n{_union([f'final_{s.position}' for s in slots])}"


def _ctes(ctes: list[str]) -> str:
    return ",\n\n".join(ctes)


def _union(ctes: list[str]) -> str:
    return "\n" + "\nunion all\n".join(f"select * from {cte}" for cte in ctes) + "\n"
