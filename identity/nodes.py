"""The nodes of the graph: person records and identifiers, numbered so that edges are pairs of integers.

Put here: `ir_records`, `ir_identifiers`, `ir_uses`; hubs by fan-out.
Keep out: spelling of values (normalise.py), edges (edges.py).
"""

from __future__ import annotations

from identity.config import IdentityConfig
from identity.engine import Engine
from identity.relations import Relations
from identity.sql import case_of, literals, quote


def name_sightings(engine: Engine, relations: Relations) -> None:
    """Write the person records, and which subject shows which value.

    ir_records: node_id (from 0), subject_id, dataset, key, first_arrived_on, row_count; one row per person record.
    ir_named: subject_id, record_id (node of the person record, null for an event tuple), identifier_type, namespace,
        canonical, state, dataset, first_arrived_on.
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
    engine.store(
        "ir_named",
        """
        select s.subject_id, s.dataset, s.first_arrived_on, v.identifier_type, v.namespace, v.canonical, v.state,
            r.node_id as record_id
        from ir_sightings s
        join ir_values v using (identifier_type, namespace, value, country)
        left join ir_records r on r.subject_id = s.subject_id
        """,
    )


def number_nodes(engine: Engine, config: IdentityConfig) -> int:
    """Number the values after the records, and return how many nodes there are.

    ir_identifiers: node_id, identifier_type, namespace, value, node, strength, priority, records, dataset,
        first_arrived_on, state; one row per normalised value that is shown here, or only outside (`ir_outside`) now.
    ir_uses: subject_id, record_id, node_id, priority, strength; no junk.
    """
    priorities = [(kind, str(rank)) for rank, kind in enumerate((*config.strong, *config.weak), start=1)]
    first = "min(first_arrived_on) as first_arrived_on, arg_min(dataset, (first_arrived_on, dataset)) as dataset"
    engine.store(  # by record first: counting what is distinct would cost twice as much
        "ir_identifiers",
        f"""
        select cast(row_number() over (order by node) - 1 + (select count(*) from ir_records) as integer) as node_id,
            i.* replace (
                case when state <> 'used' then state
                    when records > {fan_out_of(config)} then 'hub' else 'used' end as state
            )
        from (
            select identifier_type, namespace, canonical as value,
                identifier_type || '|' || namespace || '|' || canonical as node,
                case when identifier_type in ({literals(config.weak)}) then 'weak' else 'strong' end as strength,
                {case_of("identifier_type", priorities)} as priority,
                count(record_id) + count(outside_key) as records, {first}, min(state) as state
            from (
                select identifier_type, namespace, canonical, record_id, outside_key, {first}, min(state) as state
                from (
                    select identifier_type, namespace, canonical, state, dataset, first_arrived_on, record_id,
                        null::ubigint as outside_key
                    from ir_named where canonical is not null
                    union all
                    select identifier_type, namespace, value, state, dataset, first_arrived_on, null,
                        case when is_record then subject_key end
                    from ir_outside where value is not null and identifier_type <> 'address'
                ) shown
                group by identifier_type, namespace, canonical, record_id, outside_key
            ) by_record
            group by identifier_type, namespace, canonical
        ) i
        """,
    )
    engine.store(
        "ir_uses",
        """
        select distinct n.subject_id, n.record_id, i.node_id, i.priority, i.strength
        from ir_named n
        join ir_identifiers i
            on i.identifier_type = n.identifier_type and i.namespace = n.namespace and i.value = n.canonical
        where i.state <> 'junk'
        """,
    )
    return engine.count("ir_records") + engine.count("ir_identifiers")


def fan_out_of(config: IdentityConfig) -> str:
    """SQL for the limit of a row's (identifier_type, namespace); infinite where there is none."""
    branches = []
    for key, limit in sorted(config.fan_out.items(), key=lambda item: "@" not in item[0]):
        kind, _, namespace = key.partition("@")
        scope = f" and namespace = {quote(namespace)}" if namespace else ""
        branches.append(f"when identifier_type = {quote(kind)}{scope} then {limit or 'null'}")
    limit = f"case {' '.join(branches)} end" if branches else "null"
    return f"coalesce({limit}, 9223372036854775807)"
