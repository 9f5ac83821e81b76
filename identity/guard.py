"""Guarded edges: e-mail, phone and address link people only where nothing about them contradicts.

Put here: for each value, who carries it, which carriers contradict, and the edges that remain.
Keep out: how two people are compared (names.py), identifiers without a guard (edges.py).
"""

from __future__ import annotations

from identity.config import IdentityConfig
from identity.decided import APART
from identity.edges import seen_together
from identity.engine import Engine
from identity.names import contradiction, positive_agreement
from identity.sql import ADDRESS, key_of

PAIR_WEIGHT = 0.9  # a pair out of a contested value stands behind every edge of an uncontested one
AMBIGUOUS = "ambiguous: others who carry the value agree with one of the two only"


_OF_ONE_KIND = ("ir_carried", "ir_holders", "ir_crowded", "ir_contested", "ir_faces", "ir_compared", "ir_pairs")


def link_guarded(engine: Engine, config: IdentityConfig, identifier_type: str) -> str:
    """Write `ir_edges_<type>` and return its name; add contested and crowded values to `ir_unusable`.

    The carriers of a value are clusters of what stronger identifiers have linked already: those of its person records,
    and those of identifiers seen together with it. If no two contradict, every record and identifier is linked to the
    value. If some do, the value is contested and links nobody; only carriers who agree with each other, and with the
    same others, are linked in pairs. More carriers than the fan-out make it a hub.

    Two clusters a steward keeps apart contradict each other. A value a steward keeps apart from somebody is not theirs
    to carry; one a steward linked is carried by the cluster it was linked to.
    """
    priority = config.strong.index(identifier_type) + 1
    engine.store("ir_together", seen_together(identifier_type, priority))
    engine.store(
        "ir_shown",
        f"""
        select u.node_id as value_id, u.record_id as carrier, 'carried by the record' as evidence
        from ir_strong_uses u anti join ir_unusable using (node_id)
        where u.identifier_type = '{identifier_type}' and u.record_id is not null
        union all
        select right_id, left_id, 'seen together' from ir_together
        """,
    )
    engine.store(
        "ir_denied",
        f"""
        select v.node_id as value_id, c.node_id as carrier
        from ir_identifiers i
        join ir_labels v using (node_id)
        join ir_rivals r using (label)
        join ir_labels c on c.label = r.other
        where i.identifier_type = '{identifier_type}'
        """,
    )
    engine.store(
        "ir_carried",
        f"""
        select * from ir_shown anti join ir_denied using (value_id, carrier)
        union all
        select node_id, node_id, 'decision' from ir_decided join ir_identifiers i using (node_id)
        where i.identifier_type = '{identifier_type}' and node_id not in (select node_id from ir_unusable)
        """,
    )
    reason = contradiction("a", "b", config, last_name=identifier_type == "phone")
    _compare_carriers(engine, reason, config.fan_out.get(identifier_type))
    engine.store(
        f"ir_edges_{identifier_type}",
        f"""
        select distinct carrier as left_id, value_id as right_id, '{identifier_type}' as rule, {priority} as priority,
            1.0::double as weight, evidence, null::varchar as reason
        from ir_carried anti join ir_contested using (value_id)
        where carrier <> value_id
        union all
        select carrier, value_id, '{identifier_type}', {priority}, 1.0, evidence, '{APART}'
        from ir_shown semi join ir_denied using (value_id, carrier)
        union all
        select left_id, right_id, '{identifier_type}', {priority}, {PAIR_WEIGHT}, i.node, p.reason
        from ir_pairs p join ir_contested using (value_id) join ir_identifiers i on i.node_id = p.value_id
        """,
    )
    engine.store(
        "ir_unusable", "select * from ir_unusable union all select value_id as node_id, state from ir_contested"
    )
    engine.drop("ir_together", "ir_shown", "ir_denied", *_OF_ONE_KIND)
    return f"ir_edges_{identifier_type}"


def link_addresses(engine: Engine, config: IdentityConfig) -> str:
    """Write `ir_edges_address` and return its name; also `ir_addresses` (address, records, state).

    Only pairs of records with one address and one family name are compared, and both first names must be known and the
    same: people of one household share everything else.
    """
    limit = config.fan_out.get("address")
    engine.store(
        "ir_addresses",
        f"""
        select address, records, case when records > {limit or "records"} then 'hub' else 'used' end as state
        from ({count_addresses()}) where records > 1
        """,
    )
    engine.store(
        "ir_carried",
        """
        select dense_rank() over (order by address, p.last) as value_id, p.node_id as carrier, p.address
        from ir_people p join ir_addresses a using (address)
        where p.last is not null and a.state = 'used'
        """,
    )
    _compare_carriers(engine, positive_agreement("a", "b", config), None)
    priority = len(config.strong) + 1
    engine.store(
        "ir_edges_address",
        f"""
        select p.left_id, p.right_id, 'address' as rule, {priority} as priority, {PAIR_WEIGHT}::double as weight,
            'address||' || c.address as evidence, p.reason
        from ir_pairs p
        join (select value_id, min(address) as address from ir_carried group by value_id) c using (value_id)
        where p.reason is distinct from 'first name unknown'
        """,
    )
    engine.drop(*_OF_ONE_KIND)
    return "ir_edges_address"


def count_addresses() -> str:
    """Query of (address, records): how many records have each address of `ir_people`, here and outside."""
    outside = "select node_key, count(distinct subject_key) as records from ir_outside group by node_key"
    return f"""
        select address, p.records + coalesce(o.records, 0) as records
        from (select address, count(*) as records from ir_people where address is not null group by address) p
        left join ({outside}) o on o.node_key = {key_of(ADDRESS)}
    """


def _compare_carriers(engine: Engine, reason: str, fan_out: int | None) -> None:
    """Write `ir_pairs` (value_id, left_id, right_id, reason) and `ir_contested` (value_id, state).

    Reads `ir_carried` (value_id, carrier) and the clusters so far, `ir_labels` and `ir_rivals`.
    """
    engine.store(
        "ir_holders",
        """
        select c.value_id, l.label, min(c.carrier) as carrier
        from ir_carried c join ir_labels l on l.node_id = c.carrier
        group by c.value_id, l.label
        qualify count(*) over (partition by c.value_id) > 1
        """,
    )
    engine.store(
        "ir_crowded",
        f"select value_id from ir_holders group by value_id having count(*) > {fan_out or 'count(*)'}",
    )
    _describe_clusters(engine)
    engine.store(
        "ir_compared",
        f"""
        select h.value_id, h.carrier as left_id, o.carrier as right_id, h.label as left_label, o.label as right_label,
            case when v.label is not null then '{APART}' else {reason} end as reason
        from ir_holders h
        join ir_holders o on o.value_id = h.value_id and o.carrier > h.carrier
        join ir_faces a on a.label = h.label
        join ir_faces b on b.label = o.label
        left join ir_rivals v on v.label = h.label and v.other = o.label
        where h.value_id not in (select value_id from ir_crowded)
        """,
    )
    engine.store(
        "ir_contested",
        """
        select value_id, 'hub' as state from ir_crowded
        union all
        select value_id, 'contested' from ir_compared group by value_id having bool_or(reason is not null)
        """,
    )
    engine.store(
        "ir_pairs",
        f"""
        with agreeing as (
            select value_id, left_id as carrier, right_id as friend from ir_compared where reason is null
            union all
            select value_id, right_id, left_id from ir_compared where reason is null
            union all
            select value_id, carrier, carrier from ir_holders
        ),
        circles as (
            select value_id, carrier, list(friend order by friend) as circle
            from agreeing group by value_id, carrier
        )
        select c.value_id, c.left_id, c.right_id,
            coalesce(c.reason, case when l.circle <> r.circle then '{AMBIGUOUS}' end) as reason
        from ir_compared c
        join circles l on l.value_id = c.value_id and l.carrier = c.left_id
        join circles r on r.value_id = c.value_id and r.carrier = c.right_id
        """,
    )


def _describe_clusters(engine: Engine) -> None:
    """Write `ir_faces`: the one best description of each cluster that is compared; all null where it has no record."""
    engine.store(
        "ir_faces",
        """
        with compared as (select distinct label from ir_holders),
        best as (
            select l.label,
                arg_min(p.node_id, (p.first is null, coalesce(length(p.token) = 1, true), p.last is null,
                    p.birth_date is null, p.subject_id)) as node_id,
                arg_min(p.birth_date, p.subject_id) filter (p.birth_date is not null) as birth_date,
                case when min(p.gender) = max(p.gender) then min(p.gender) end as gender
            from ir_people p join ir_labels l using (node_id) semi join compared using (label)
            group by l.label
        )
        select c.label, p.first, p.token, p.formal, p.last, p.generation, p.is_given_name, b.birth_date, b.gender
        from compared c
        left join best b using (label)
        left join ir_people p using (node_id)
        """,
    )
