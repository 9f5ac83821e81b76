"""The nodes of the graph: person records and identifiers, numbered so that edges are pairs of integers.

Put here: `ir_records`, `ir_identifiers`, `ir_uses`; hubs by fan-out.
Keep out: spelling of values (normalise.py), edges (edges.py).
"""

from __future__ import annotations

from identity.config import IdentityConfig
from identity.engine import Engine
from identity.normalise import phone_country
from identity.relations import Relations
from identity.sql import NODE, case_of, literals, quote


def name_sightings(engine: Engine, config: IdentityConfig, relations: Relations) -> None:
    """Write the person records, all subjects, and which of them shows which value.

    ir_records: node_id (from 0), subject_id, dataset, key, first_arrived_on, row_count; one row per person record.
    ir_subjects: subject_no, record_id (node of the person record, null for an event tuple), subject_id, country.
    ir_arrivals: arrival_no, dataset, first_arrived_on; numbered in the order (first_arrived_on, dataset).
    ir_named: subject_no, record_id, value_no, canonical_no, arrival_no; one row per identifier row, in numbers alone;
        a value of no use is null.
    """
    engine.store(
        "ir_records",
        f"""
        select cast(row_number() over (order by subject_id) - 1 as integer) as node_id, subject_id, dataset,
            substr(subject_id, length(dataset) + 2) as key, first_arrived_on, row_count
        from (
            select subject_id, count(*) as row_count, min(dataset) as dataset,
                min(coalesce(first_arrived_on, arrived_on)) as first_arrived_on
            from {relations.persons} where subject_id is not null group by 1
        ) p
        """,
    )
    engine.number(
        "ir_subjects",
        "subject_no",
        f"""
        select r.node_id as record_id, r.subject_id, c.country
        from ir_records r left join ir_countries c using (subject_id)
        union all
        select null, subject_id, null from (
            select distinct subject_id from {relations.identifiers} anti join ir_records using (subject_id)
            where subject_id is not null
        ) e
        """,
    )
    engine.store(
        "ir_arrivals",
        f"""
        select cast(row_number() over (order by first_arrived_on nulls last, dataset) as integer) as arrival_no,
            dataset, first_arrived_on
        from (select distinct dataset, first_arrived_on from {relations.identifiers}) a
        """,
    )
    country = phone_country(engine, config, relations, "s.country")
    engine.store(  # left joins, so that the many rows are what is looked up, not what is kept in memory
        "ir_named",
        f"""
        select s.subject_no, s.record_id, v.value_no, v.canonical_no, a.arrival_no
        from {relations.identifiers} i
        left join ir_subjects s using (subject_id)
        left join ir_values v
            on v.identifier_type = i.identifier_type and v.namespace = coalesce(i.namespace, '') and v.value = i.value
            and v.country = case when i.identifier_type = 'phone' then {country} else '' end
        left join ir_arrivals a
            on a.dataset is not distinct from i.dataset and a.first_arrived_on is not distinct from i.first_arrived_on
        where i.subject_id is not null
        """,
    )


def number_nodes(engine: Engine, config: IdentityConfig) -> int:
    """Number the values after the records, and return how many nodes there are.

    ir_identifiers: node_id, canonical_no, identifier_type, namespace, value, node, strength, priority, records,
        dataset, first_arrived_on, state; one row per normalised value that is shown here, or only outside
        (`ir_outside`) now.
    ir_uses: subject_no, record_id, node_id, priority, strength; no junk.
    """
    priorities = [(kind, str(rank)) for rank, kind in enumerate((*config.strong, *config.weak), start=1)]
    shown = _SHOWN_HERE
    if engine.count(f"ir_outside {_OF_OUTSIDE}"):
        shown = _take_outside(engine)
    engine.store(
        "ir_identifiers",
        f"""
        select o.node_id, c.canonical_no, c.identifier_type, c.namespace, c.value, {NODE} as node,
            case when identifier_type in ({literals(config.weak)}) then 'weak' else 'strong' end as strength,
            {case_of("identifier_type", priorities)} as priority, n.records, n.dataset, n.first_arrived_on,
            case when least(c.state, n.state) <> 'used' then least(c.state, n.state)
                when records > {fan_out_of(config)} then 'hub' else 'used' end as state
        from (
            select canonical_no,
                cast(row_number() over (order by {NODE}) - 1 + (select count(*) from ir_records) as integer) as node_id
            from ir_canonical
        ) o
        join ir_canonical c using (canonical_no)
        join ({shown}) n using (canonical_no)
        """,
    )
    engine.store(
        "ir_uses",
        """
        select n.subject_no, n.record_id, i.node_id, i.priority, i.strength
        from (select distinct subject_no, record_id, canonical_no from ir_named) n
        join ir_identifiers i using (canonical_no)
        where i.state <> 'junk'
        """,
    )
    return engine.count("ir_records") + engine.count("ir_identifiers")


_OF_OUTSIDE = "where value is not null and identifier_type <> 'address'"
# By record first: counting what is distinct would cost twice as much.
_SHOWN_HERE = """
    select n.canonical_no, n.records, a.dataset, a.first_arrived_on, 'used' as state
    from (
        select canonical_no, count(record_id) as records, min(arrival_no) as arrival_no
        from (
            select canonical_no, record_id, min(arrival_no) as arrival_no
            from ir_named where canonical_no is not null group by canonical_no, record_id
        ) by_record
        group by canonical_no
    ) n
    join ir_arrivals a using (arrival_no)
"""


def _take_outside(engine: Engine) -> str:
    """Number the values that only others show, too; the query of what is shown here and by them."""
    engine.extend(
        "ir_canonical",
        f"""
        select identifier_type, namespace, value, min(state) as state
        from ir_outside anti join ir_canonical using (identifier_type, namespace, value) {_OF_OUTSIDE}
        group by identifier_type, namespace, value
        """,
    )
    return f"""
        select canonical_no, cast(sum(records) as bigint) as records,
            arg_min(dataset, (first_arrived_on, dataset)) as dataset, min(first_arrived_on) as first_arrived_on,
            min(state) as state
        from (
            {_SHOWN_HERE}
            union all
            select c.canonical_no, count(distinct case when o.is_record then o.subject_key end),
                arg_min(o.dataset, (o.first_arrived_on, o.dataset)), min(o.first_arrived_on), min(o.state)
            from ir_outside o join ir_canonical c using (identifier_type, namespace, value)
            group by c.canonical_no
        ) either
        group by canonical_no
    """


def fan_out_of(config: IdentityConfig) -> str:
    """SQL for the limit of a row's (identifier_type, namespace); infinite where there is none."""
    branches = []
    for key, limit in sorted(config.fan_out.items(), key=lambda item: "@" not in item[0]):
        kind, _, namespace = key.partition("@")
        scope = f" and namespace = {quote(namespace)}" if namespace else ""
        branches.append(f"when identifier_type = {quote(kind)}{scope} then {limit or 'null'}")
    limit = f"case {' '.join(branches)} end" if branches else "null"
    return f"coalesce({limit}, 9223372036854775807)"
