"""What one dataset supplies to std_persons, std_accounts and std_identifiers.

Put here: the rows identity resolves.
Keep out: events (render_events.py), orders and cases (render_facts.py).
"""

from __future__ import annotations

from quality import render_sql as sql
from quality.definitions import load_definitions
from quality.render_group import from_group, group_latest
from quality.render_std import BY_ENTITY, LEADING, select_columns
from quality.render_value import Dataset

ACCOUNT_TEXTS = ("name", "industry", "country", "registration_number")
FIRST_ARRIVED = "first_arrived_on"
# What stands for several rows that say the same: the smallest, so that order and repetition change nothing.
OF_SEVERAL = {
    **{n: f"min({n})" for n in LEADING if n != "subject_id"},
    "first_seen": "min(first_seen)",
    "last_seen": "max(last_seen)",
    FIRST_ARRIVED: f"min({FIRST_ARRIVED})",
}


def leading(dataset: Dataset, record_id: str = "_record_key", subject_id: str | None = None) -> dict[str, str]:
    """The columns every standard table begins with, over the base model."""
    return {
        "dataset": f"'{dataset.name}'",
        "record_id": f"'{dataset.name}:' || {record_id}",
        "subject_id": dataset.subject_id if subject_id is None else subject_id,
        "batch_id": "_batch_id",
        "landed_at": "_landed_at",
        "arrived_on": "_arrived_on",
        "part_seq": "_part_seq",
    }


def render_persons(dataset: Dataset) -> str:
    """Person records now in force; several rows of one `person.record_id` leave the one valid last."""
    table = BY_ENTITY["person"]
    contract = dataset.contract
    special = ("gender", "account_key", "attributes", FIRST_ARRIVED)
    values = {n: dataset.value(f"person.{n}", k) for n, k in table.columns.items() if n not in special}
    gender = f"lower({dataset.value('person.gender', 'text')})"
    attributes = {c.name: dataset.typed(c, "text") for c in contract.with_term("person.attribute")}
    values |= {
        "gender": f"case when {gender} in ('male', 'female', 'other') then {gender} end",
        "account_key": dataset.key("account.account_id"),
        "attributes": sql.json_text(attributes),
        FIRST_ARRIVED: "_first_arrived_on",
    }
    records = f"""with records as (
    select
        {select_columns(table, leading(dataset) | values, 8)},
        {dataset.person_key} as person_key,
        _record_key as record_key
    from {dataset.base}
    where _is_current
)"""
    names = list(table.all_columns)
    if not contract.with_term("person.record_id"):
        return f"{records}\n\nselect\n    {_join(names)}\nfrom records\n"
    taken = from_group(names, "records", "arrivals", [FIRST_ARRIVED])
    return f"""{records},

latest as ({group_latest("records", "person_key")}),

arrivals as (
    select
        {dataset.person_key} as person_key,
        min(_first_arrived_on) as {FIRST_ARRIVED}
    from {dataset.base}
    group by 1
)

select
    {select_columns(table, taken)}
from records
inner join latest on latest.record_key = records.record_key
inner join arrivals on arrivals.person_key = records.person_key
"""


def render_accounts(dataset: Dataset) -> str:
    """Organisations now in force, one row per account key."""
    table = BY_ENTITY["account"]
    key = dataset.key("account.account_id")
    values = {n: dataset.value(f"account.{n}", "text") for n in ACCOUNT_TEXTS}
    values |= {
        "account_key": key,
        "size_band": f"lower({dataset.value('account.size_band', 'text')})",
        "parent_key": _parent_key(dataset),
        "valid_at": dataset.version_time,
    }
    records = f"""with records as (
    select
        {select_columns(table, leading(dataset, key, "null") | values, 8)},
        _record_key as record_key
    from {dataset.base}
    where _is_current
)"""
    names = list(table.all_columns)
    if dataset.is_grain("account.account_id"):
        return f"{records}\n\nselect\n    {_join(names)}\nfrom records\nwhere account_key is not null\n"
    return f"""{records},

known as (
    select * from records where account_key is not null
),

latest as ({group_latest("known", "account_key")})

select
    {_join([f"known.{n}" for n in names])}
from known
inner join latest on latest.record_key = known.record_key
"""


def render_identifiers(dataset: Dataset) -> str:
    """Who was seen with which identifier, and when.

    Events are first reduced to distinct tuples, so that a subject is hashed once per tuple and not per event. What
    happened keeps its identifiers after its key has left a snapshot dataset, those of a person record that is gone
    included: its events stay and need a customer. Contact points, and persons without events, do not.
    """
    table = BY_ENTITY["identifier"]
    identifiers = dataset.identifiers
    values = [f"value_{i}" for i, _ in enumerate(identifiers)]
    in_force, columns = _identifying_rows(dataset, values)
    columns |= {n: e for n, e in leading(dataset).items() if n != "subject_id"}
    columns |= {"first_seen": dataset.row_time, "last_seen": dataset.row_time, FIRST_ARRIVED: "_first_arrived_on"}
    if dataset.has_person:
        columns["subject_id"] = dataset.subject_id
    ctes = f"""with records as (
    select
        {_join([f"{e} as {n}" for n, e in columns.items()], 8)}
    from {dataset.base}
    where {in_force}
)"""
    source = "records"
    if not dataset.has_person:
        source = "tuples"
        reduced = {v: v for v in values} | {"subject_id": dataset.tuple_subject(values)} | OF_SEVERAL
        ctes += f""",

tuples as (
    select
        {_join([f"{e} as {n}" for n, e in reduced.items()], 8)}
    from records
    where coalesce({", ".join(values)}) is not null
    group by {", ".join(values)}
)"""
    names = [*OF_SEVERAL, "subject_id"]
    occurrences = "\n    union all\n".join(
        f"    select {', '.join(names)}, {sql.literal(i.type)} as identifier_type, "
        f"{sql.literal(i.namespace)} as namespace, {v} as value\n    from {source}\n    where {v} is not null"
        for i, v in zip(identifiers, values, strict=True)
    )
    grain = ("subject_id", "identifier_type", "namespace", "value")
    is_unique = len({(i.type, i.namespace) for i in identifiers}) == len(identifiers)
    if is_unique and not dataset.contract.with_term("person.record_id"):
        found, group = {n: n for n in table.all_columns}, ""
    else:
        found, group = {n: n for n in grain} | OF_SEVERAL, f"group by {', '.join(grain)}\n"
    return f"""{ctes},

occurrences as (
{occurrences}
)

select
    {select_columns(table, found)}
from occurrences
{group}"""


def _identifying_rows(dataset: Dataset, values: list[str]) -> tuple[str, dict[str, str]]:
    """Which rows identify, and what each column of `values` holds in them."""
    contract, identifiers = dataset.contract, dataset.identifiers
    columns = {v: i.value for i, v in zip(identifiers, values, strict=True)}
    happened = any(contract.with_term(t) for t in ("interaction.occurred_at", "consent.granted"))
    if not happened or contract.load_mode != "snapshot":
        return "_is_current", columns
    if not dataset.has_person:
        return "_is_latest", columns
    in_force = "_is_latest"
    if contract.with_term("person.record_id"):
        # Rows that left a record which is still there say no more what identifies it.
        there = f"select {dataset.person_key} from {dataset.base} where _is_current"
        in_force = f"_is_latest and (_is_current or {dataset.person_key} not in ({there}))"
    terms = load_definitions().terms
    issued = [i.value for i in identifiers if i.namespace and terms[f"identifier.{i.type}"].strength == "strong"]
    if issued:
        # Without the name of the record, which is gone, nothing guards an e-mail or phone it shared with others.
        alone = f"_is_current or coalesce({', '.join(issued)}) is null"
        columns |= {
            v: f"case when {alone} then {i.value} end"
            for i, v in zip(identifiers, values, strict=True)
            if not i.namespace
        }
    return in_force, columns


def _parent_key(dataset: Dataset) -> str:
    """The parent's key is issued by whoever issues the account's, unless its column says otherwise."""
    columns = dataset.contract.with_term("account.parent_id")
    if not columns:
        return "null"
    namespace = columns[0].namespace or dataset.contract.with_term("account.account_id")[0].namespace
    return f"{sql.literal((namespace or '') + ':')} || {dataset.typed(columns[0], 'text')}"


def _join(names: list[str], indent: int = 4) -> str:
    return (",\n" + " " * indent).join(names)
