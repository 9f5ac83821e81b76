"""What subjects show, and which of them are bound together: what the next resolve finds its region by.

Put here: rows of `identity_index.reach` and `identity_index.regions`.
Keep out: which region a change concerns (region.py).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from identity.blocking import blocks_of
from identity.cluster import find_components
from identity.engine import Engine
from identity.evidence import keep_evidence
from identity.model import MatchModel
from identity.scope import OF_CHANGED, Scope
from identity.sql import ADDRESS, FAMILY, NODE, key_of, quote


def reach_of() -> str:
    """Query of what each subject of `ir_named` and `ir_people` shows, as rows of `identity_index.reach`."""
    return f"""
        select s.subject_key, c.node_key, c.identifier_type, c.namespace, n.record_id is not null as is_record,
            a.dataset, a.first_arrived_on
        from ir_named n
        join (select subject_no, {key_of("subject_id")} as subject_key from ir_subjects) s using (subject_no)
        join (
            select canonical_no, identifier_type, namespace, {key_of(NODE)} as node_key from ir_canonical
        ) c using (canonical_no)
        join ir_arrivals a using (arrival_no)
        union all
        select {key_of("subject_id")}, {key_of(ADDRESS)}, 'address', '', true, null, null
        from ir_people where address is not null
    """


def draw_regions(engine: Engine, nodes: int, scope: Scope, model: MatchModel | None) -> None:
    """Write `ir_regions` (key, region): subjects and values that a resolve binds together have one region.

    Bound are: a person record and each strong value it shows that is no hub by its number of records; all strong values
    of one event, hubs too, since an event with nothing better belongs to a hub; records of one address and family name;
    pairs of `ir_alone`; both ends of a decision.
    """
    engine.store(
        "ir_event_nodes",
        """
        select u.subject_no, u.node_id, min(u.node_id) over (partition by u.subject_no) as first_id
        from ir_uses u where u.record_id is null and u.strength = 'strong'
        """,
    )
    engine.store(
        "ir_families",
        f"""
        select key, min(node_id) over (partition by key) as first_id, node_id
        from (
            select {key_of(FAMILY)} as key, node_id from ir_people left join ir_addresses a using (address)
            where address is not null and last is not null and a.state is distinct from 'hub'
        )
        """,
    )
    engine.store(
        "ir_bound",
        f"""
        select u.record_id as left_id, u.node_id as right_id
        from ir_uses u join ir_identifiers i using (node_id)
        where u.record_id is not null and u.strength = 'strong' and i.state = 'used'
        union all
        select first_id, node_id from ir_event_nodes
        union all
        select first_id, node_id from ir_families
        union all
        select left_id, right_id from ir_decisions where in_effect
        {"union all select left_id, right_id from ir_alone" if model else ""}
        """,
    )
    bound = engine.fetch("select left_id, right_id from ir_bound")
    labels = find_components(nodes, bound["left_id"].to_numpy(), bound["right_id"].to_numpy())
    engine.register(
        "ir_region_labels", pa.table({"node_id": np.arange(nodes, dtype=np.int32), "label": pa.array(labels)})
    )
    first = "0" if scope.is_full else "(select coalesce(max(region), -1) + 1 from identity_index.regions)"
    engine.define(
        "ir_regions",
        f"""
        select key, label + {first} as region
        from (
            select {key_of("subject_id")} as key, node_id from ir_records
            union all
            select {key_of("node")}, node_id from ir_identifiers
            where strength = 'strong' and (
                state = 'used' or node_id in (select node_id from ir_event_nodes)
                or node_id in (select left_id from ir_decisions union select right_id from ir_decisions))
            union all
            select {key_of("subject_id")}, first_id
            from (select distinct subject_no, first_id from ir_event_nodes) e join ir_subjects using (subject_no)
            union all
            select distinct key, first_id from ir_families
        ) k
        join ir_region_labels using (node_id)
        """,
    )
    engine.drop("ir_bound")


def index_queries(basis: str, model: MatchModel | None, scope: Scope) -> dict[str, str]:
    """Relation of INDEX -> query of its rows."""
    nothing = "select * from identity_index.{} where false"
    of_subjects = {
        "subjects": "select subject_key, digest from ir_digests",
        "reach": reach_of(),
        "evidence": f"select subject_key, {keep_evidence()} from ir_evidence" if model else nothing.format("evidence"),
        "blocks": blocks_of("ir_evidence", "subject_key", model) if model else nothing.format("blocks"),
    }
    return {
        "basis": f"select {quote(basis)} as basis",
        "regions": "select key, region from ir_regions",
        "household_shares": "select customer_id, reason, key from ir_household_shares",
        **{
            name: query if scope.is_full else f"select * from ({query}) where {OF_CHANGED}"
            for name, query in of_subjects.items()
        },
    }
