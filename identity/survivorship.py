"""The golden profile: for each attribute the one value to show, and the record it came from.

Put here: `ir_cells` (one row per customer and attribute) and `ir_profiles` (one row per customer).
Keep out: masking; these values are raw.
"""

from __future__ import annotations

from collections.abc import Mapping

from identity.config import IdentityConfig
from identity.defaults import GROUPS, SINGLE_ATTRIBUTES
from identity.engine import Engine
from identity.relations import Relations
from identity.scope import Scope

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
_ALWAYS = ("account_key", "dataset", "record_id", "valid_at")  # of a record, whatever is known of the person
_ALONE = "ir_gathered where is_alone"  # a customer's only record says all that is known


def choose_survivors(engine: Engine, config: IdentityConfig, scope: Scope) -> None:
    """Choose the golden values of every known customer.

    source_priority takes the dataset with the smallest survivorship rank, then the latest valid_at, then the smallest
    record_id; most_recent and oldest look at valid_at first. Name and address come from one record as a whole, before
    all others one that has a family name or full name, a street or postcode. E-mail and phone are spelled as identity
    compares them (phone: E.164), so that two spellings of one value are one value for everybody; junk is no value.
    """
    relations = scope.relations
    units = _find_units(engine, relations)
    rules = sorted({config.survivorship_of(unit) for unit in units})
    ranks = ", ".join(
        f"row_number() over (partition by customer_id order by {_RULE_ORDER[rule]}) as by_{rule}" for rule in rules
    )
    has_ranks = "survivorship_rank" in engine.columns(relations.datasets)
    trust = "coalesce(d.survivorship_rank, 1000)" if has_ranks else "1000"
    datasets = f"left join {relations.datasets} d on d.dataset = p.dataset" if has_ranks else ""
    known = {column: unit for unit, (_, columns) in units.items() for column in columns}
    spelled = [kind for kind in ("email", "phone") if kind in known]
    read = (_spelled(c) if c in spelled else f"p.{c}" for c in dict.fromkeys((*known, *_ALWAYS)))
    engine.store(
        "ir_gathered",
        f"""
        select c.customer_id, c.label, r.node_id, c.records = 1 and r.row_count = 1 as is_alone, {", ".join(read)},
            {trust} as trust
        from {relations.persons} p
        join ir_records r on r.subject_id = p.subject_id
        join ir_labels l on l.node_id = r.node_id
        join ir_customers c on c.label = l.label
        {" ".join(_join_spelling(kind) for kind in spelled)}
        {datasets}
        """,
    )
    chosen = ", ".join(_choose(unit, lead, columns, config) for unit, (lead, columns) in units.items())
    engine.store(
        "ir_chosen",
        f"""
        with ranked as (select *, {ranks} from ir_gathered where not is_alone)
        select customer_id, {chosen} from ranked group by customer_id
        """,
    )
    engine.define("ir_profiles", f"{_profiles(known, 'ir_chosen')} union all {_profiles(known)}")
    cells = (
        cell
        for column, unit in known.items()
        for cell in (_cells(column, unit, config), _cells(column, unit, config, "ir_chosen"))
    )
    (engine.define if scope.is_full else engine.store)("ir_cells", " union all ".join(cells))


def _profiles(known: Mapping[str, str], chosen: str | None = None) -> str:
    """Every column of a profile: of the units chosen from several records, or of a customer's only one."""
    columns = [column for _, columns in _UNITS.values() for column in columns]
    told = (f"{_from(known[c], c, chosen)} as {c}" if c in known else f"null as {c}" for c in columns)
    return f"select customer_id, {', '.join(told)} from {chosen or _ALONE}"


def _cells(column: str, unit: str, config: IdentityConfig, chosen: str | None = None) -> str:
    value, dataset, record = (_from(unit, name, chosen) for name in (column, "dataset", "record_id"))
    known = f"from {chosen} where" if chosen else f"from {_ALONE} and"
    return (
        f"select customer_id, '{column}' as attribute, cast({value} as varchar) as value, {dataset} as dataset, "
        f"{record} as record_id, '{config.survivorship_of(unit)}' as rule {known} {value} is not null"
    )


def _from(unit: str, column: str, chosen: str | None) -> str:
    return f"{unit}_{column}" if chosen else column


def _find_units(engine: Engine, relations: Relations) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The units, and of each the columns, that some record knows anything of; name and address always."""
    columns = [column for _, columns in _UNITS.values() for column in columns]
    [known] = engine.fetch(
        f"select {', '.join(f'count({column}) > 0 as {column}' for column in columns)} from {relations.persons}"
    ).to_pylist()
    return {
        unit: (lead, tuple(column for column in columns if known[column] or column in lead))
        for unit, (lead, columns) in _UNITS.items()
        if unit in GROUPS or any(known[column] for column in columns)
    }


def _spelled(kind: str) -> str:
    known, value = f"{kind}_value", f"p.{kind}"
    spelled = f"when {known}.state <> 'junk' then {known}.canonical"
    return f"case when {known}.value is null then {value} {spelled} end as {kind}"


def _join_spelling(kind: str) -> str:
    """A record's own e-mail or phone among the normalised values: one row, or none where the type is not configured."""
    return f"""
        left join (
            select n.record_id, v.value, min(c.value) as canonical, min(coalesce(c.state, 'junk')) as state
            from ir_named n
            join ir_values v using (value_no)
            left join ir_canonical c on c.canonical_no = v.canonical_no
            where n.record_id is not null and v.identifier_type = '{kind}' group by n.record_id, v.value
        ) {kind}_value on {kind}_value.record_id = r.node_id and {kind}_value.value = p.{kind}"""


def _choose(unit: str, lead: tuple[str, ...], columns: tuple[str, ...], config: IdentityConfig) -> str:
    """The values of the best of several records, and which it is: a struct of them would cost half as much again."""
    without_lead = " and ".join(f"{name} is null" for name in lead)
    order = f"by_{config.survivorship_of(unit)} + case when {without_lead} then 1000000000 else 0 end"
    is_present = " or ".join(f"{name} is not null" for name in columns)
    return ", ".join(
        f"arg_min_null({name}, {order}) filter ({is_present}) as {_from(unit, name, 'ir_chosen')}"
        for name in (*columns, "dataset", "record_id")
    )
