"""Customers out of clusters: anchors, ids, knowledge levels, and the way from a subject to its customer.

Put here: `ir_customers`, `ir_members`, `ir_lookup`.
Keep out: how clusters come about (components.py), devices over time (stitch.py), what was before (history.py).
"""

from __future__ import annotations

from identity.engine import Engine
from identity.sql import customer_uuid

_NODES = 2**32  # more than there are; what is ordered first stands above it in one number


def name_nodes(engine: Engine) -> None:
    """Write `ir_names` (node_id, name): the subject of a record, `type|namespace|value` of an identifier."""
    engine.define(
        "ir_names",
        "select node_id, subject_id as name from ir_records union all select node_id, node from ir_identifiers",
    )


def name_customers(engine: Engine) -> None:
    """Give every cluster its customer.

    ir_members: node_id, label, is_record. Records, and strong identifiers: a hub or contested one only where an event
        has nothing better or a steward linked it, and a cluster without a record only where an event uses it.
    ir_customers: label, customer_id, knowledge_level, anchor, first_arrived_on, records, identifiers.
    ir_lookup: subject_id, customer_id, resolved_by, device_key; one row per subject.

    The anchor is the smallest (first_arrived_on, dataset, key), where a record comes before the identifiers it brought:
    a record outlives a change of its e-mail. Nodes of one kind and dataset are numbered in the order of their keys.
    Only the anchor's name enters the id.
    """
    engine.store(
        "ir_choice",
        """
        select u.subject_no, arg_min(u.node_id, (x.node_id is not null, u.priority, u.node_id)) as node_id
        from ir_strong_uses u left join ir_unusable x using (node_id)
        where u.record_id is null group by u.subject_no
        """,
    )
    engine.store(
        "ir_members",
        """
        with members as (
            select node_id, true as is_record, true as is_needed from ir_records
            union all
            select node_id, false, is_used and is_standing
            from (
                select i.node_id, i.node_id in (select node_id from ir_decided) as is_decided,
                    i.node_id in (select node_id from ir_strong_uses where record_id is null) as is_used,
                    i.node_id not in (select node_id from ir_unusable)
                    or i.node_id in (select node_id from ir_choice) as is_standing
                from ir_identifiers i where i.strength = 'strong'
            ) i
            where is_standing or is_decided
        )
        select m.node_id, l.label, m.is_record from members m join ir_labels l using (node_id)
        qualify bool_or(m.is_needed) over (partition by l.label)
        """,
    )
    engine.store(
        "ir_customers",
        f"""
        with nodes as (
            select node_id, dataset, first_arrived_on from ir_records
            union all
            select node_id, dataset, first_arrived_on from ir_identifiers where strength = 'strong'
        ),
        arrivals as (
            select row_number() over (order by first_arrived_on nulls last, dataset) as arrival_no, *
            from (select distinct first_arrived_on, dataset from nodes) a
        ),
        clusters as (
            select m.label, count(*) filter (m.is_record) as records, count(*) filter (not m.is_record) as identifiers,
                min((2 * a.arrival_no + case when m.is_record then 0 else 1 end) * {_NODES} + m.node_id) as first
            from ir_members m
            join nodes n using (node_id)
            join arrivals a
                on a.first_arrived_on is not distinct from n.first_arrived_on
                and a.dataset is not distinct from n.dataset
            group by m.label
        )
        select c.label, {customer_uuid("n.name")} as customer_id,
            case when c.records > 0 then 'known' else 'identified' end as knowledge_level,
            n.name as anchor, a.first_arrived_on, c.records, c.identifiers
        from clusters c
        join ir_names n on n.node_id = c.first % {_NODES}
        join arrivals a on a.arrival_no = c.first // {2 * _NODES}
        """,
    )
    engine.store(  # in numbers first: hash tables of all the names at once would not fit into memory
        "ir_chosen_nodes",
        """
        select s.subject_no, coalesce(s.record_id, c.node_id) as node_id, d.node_id as device_id
        from ir_subjects s
        left join ir_choice c on c.subject_no = s.subject_no
        left join (
            select subject_no, arg_min(node_id, (priority, node_id)) as node_id
            from ir_uses where strength = 'weak' group by subject_no
        ) d on d.subject_no = s.subject_no
        """,
    )
    engine.store(
        "ir_lookup",
        """
        select s.subject_id, c.customer_id,
            case when s.record_id is not null then 'record' else i.identifier_type end as resolved_by,
            d.node as device_key
        from ir_subjects s
        join ir_chosen_nodes n using (subject_no)
        left join (
            select node_id, customer_id from ir_labels join ir_customers using (label)
        ) c on c.node_id = n.node_id
        left join ir_identifiers i on i.node_id = n.node_id
        left join (select node_id, node from ir_identifiers where strength = 'weak') d on d.node_id = n.device_id
        """,
    )
    engine.drop("ir_chosen_nodes")
