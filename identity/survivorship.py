"""The golden profile: for each attribute the one value to show, and the record it came from.

Put here: `ir_cells` (one row per customer and attribute) and `ir_profiles` (one row per customer).
Keep out: masking; these values are raw.
"""

from __future__ import annotations

from identity.config import IdentityConfig
from identity.defaults import GROUPS, SINGLE_ATTRIBUTES
from identity.engine import Engine
from identity.relations import Relations

_RULE_ORDER = {
    "source_priority": "trust, valid_at desc nulls last, record_id",
    "most_recent": "valid_at desc nulls last, trust, record_id",
    "oldest": "valid_at nulls last, trust, record_id",
}
# What is chosen together: unit -> (columns that make a record worth choosing, all its columns).
_UNITS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    **GROUPS,
    **{name: ((name,), (name,)) for name in SINGLE_ATTRIBUTES},
}


def choose_survivors(engine: Engine, config: IdentityConfig, relations: Relations) -> None:
    """Choose the golden values of every known customer.

    source_priority takes the dataset with the smallest survivorship rank, then the latest valid_at, then the smallest
    record_id; most_recent and oldest look at valid_at first. Name and address come from one record as a whole, before
    all others one that has a family name or full name, a street or postcode. E-mail and phone are spelled as identity
    compares them (phone: E.164), so that two spellings of one value are one value for everybody; junk is no value.
    """
    units = _find_units(engine, relations)
    rules = sorted({config.survivorship_of(unit) for unit in units})
    ranks = ", ".join(
        f"row_number() over (partition by customer_id order by {_RULE_ORDER[rule]}) as by_{rule}" for rule in rules
    )
    has_ranks = "survivorship_rank" in engine.columns(relations.datasets)
    trust = "coalesce(d.survivorship_rank, 1000)" if has_ranks else "1000"
    datasets = f"left join {relations.datasets} d on d.dataset = p.dataset" if has_ranks else ""
    engine.store(
        "ir_gathered",
        f"""
        select c.customer_id, c.label, r.node_id, c.records = 1 and r.row_count = 1 as is_alone,
            p.* replace ({_spelled("email")}, {_spelled("phone")}), {trust} as trust
        from {relations.persons} p
        join ir_records r on r.subject_id = p.subject_id
        join ir_labels l on l.node_id = r.node_id
        join ir_customers c on c.label = l.label
        {_join_spelling("email")}
        {_join_spelling("phone")}
        {datasets}
        """,
    )
    chosen = ", ".join(_choose(unit, lead, columns, config) for unit, (lead, columns) in units.items())
    taken = ", ".join(_take(unit, columns) for unit, (_, columns) in units.items())
    engine.store(
        "ir_chosen",
        f"""
        with ranked as (select *, {ranks} from ir_gathered where not is_alone)
        select customer_id, {chosen} from ranked group by customer_id
        union all
        select customer_id, {taken} from ir_gathered where is_alone
        """,
    )
    known = {column: unit for unit, (_, columns) in units.items() for column in columns}
    engine.store(
        "ir_profiles",
        "select customer_id, "
        + ", ".join(
            f"{known[column]}_.{column} as {column}" if column in known else f"null as {column}"
            for _, columns in _UNITS.values()
            for column in columns
        )
        + " from ir_chosen",
    )
    engine.store(
        "ir_cells",
        " union all ".join(
            f"select customer_id, '{column}' as attribute, cast({unit}_.{column} as varchar) as value, "
            f"{unit}_.dataset as dataset, {unit}_.record_id as record_id, '{config.survivorship_of(unit)}' as rule "
            f"from ir_chosen where {unit}_.{column} is not null"
            for column, unit in known.items()
        ),
    )


def _find_units(engine: Engine, relations: Relations) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The units some record knows anything of; name and address always."""
    columns = [column for _, columns in _UNITS.values() for column in columns]
    [known] = engine.fetch(
        f"select {', '.join(f'count({column}) > 0 as {column}' for column in columns)} from {relations.persons}"
    ).to_pylist()
    return {unit: of for unit, of in _UNITS.items() if unit in GROUPS or any(known[column] for column in of[1])}


def _spelled(kind: str) -> str:
    known, value = f"{kind}_value", f"p.{kind}"
    spelled = f"when {known}.state <> 'junk' then {known}.canonical"
    return f"case when {known}.value is null then {value} {spelled} end as {kind}"


def _join_spelling(kind: str) -> str:
    """A record's own e-mail or phone among the normalised values: one row, or none where the type is not configured."""
    return f"""
        left join (
            select s.subject_id, s.value, min(v.canonical) as canonical, min(v.state) as state
            from ir_sightings s join ir_values v using (identifier_type, namespace, value, country)
            where s.identifier_type = '{kind}' group by s.subject_id, s.value
        ) {kind}_value on {kind}_value.subject_id = p.subject_id and {kind}_value.value = p.{kind}"""


def _choose(unit: str, lead: tuple[str, ...], columns: tuple[str, ...], config: IdentityConfig) -> str:
    """The best of several records."""
    without_lead = " and ".join(f"{name} is null" for name in lead)
    order = f"by_{config.survivorship_of(unit)} + case when {without_lead} then 1000000000 else 0 end"
    return f"arg_min({_value(columns)}, {order}) filter ({_is_present(columns)}) as {unit}_"


def _take(unit: str, columns: tuple[str, ...]) -> str:
    """The same of a customer's only record."""
    return f"case when {_is_present(columns)} then {_value(columns)} end as {unit}_"


def _value(columns: tuple[str, ...]) -> str:
    return "{" + ", ".join(f"'{name}': {name}" for name in (*columns, "dataset", "record_id")) + "}"


def _is_present(columns: tuple[str, ...]) -> str:
    return " or ".join(f"{name} is not null" for name in columns)
