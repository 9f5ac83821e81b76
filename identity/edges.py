"""Edges that need no guard: identifiers a system gave to one person, and what was seen together in one event.

Put here: `ir_edges_certain`, and the pairs "seen together" every rule reads.
Keep out: e-mail, phone and address (guard.py).
"""

from __future__ import annotations

from identity.config import IdentityConfig
from identity.engine import Engine
from identity.sql import literals

EDGE_COLUMNS = "left_id, right_id, rule, priority, weight, evidence, reason"
STRONGEST = "arg_min(node_id, (priority, node_id))"


def link_certain(engine: Engine, config: IdentityConfig) -> str:
    """Write `ir_edges_certain` over the unguarded strong types and return its name.

    A person record is linked to each of its identifiers; the identifiers of one event to its strongest.
    """
    unguarded = literals(kind for kind in config.strong if kind not in config.guarded)
    engine.store("ir_unusable", "select node_id, state from ir_identifiers where state <> 'used'")
    engine.store(
        "ir_strong_uses",
        """
        select u.subject_no, u.record_id, u.node_id, u.priority, i.identifier_type
        from ir_uses u join ir_identifiers i using (node_id) where u.strength = 'strong'
        """,
    )
    engine.store(
        "ir_edges_certain",
        f"""
        with used as (
            select * from ir_strong_uses anti join ir_unusable using (node_id) where identifier_type in ({unguarded})
        ),
        strongest as (
            select subject_no, {STRONGEST} as left_id from used where record_id is null
            group by subject_no having count(*) > 1
        ),
        found as (
            select record_id as left_id, node_id as right_id, identifier_type as rule, priority,
                'carried by the record' as evidence
            from used where record_id is not null
            union
            select s.left_id, u.node_id, u.identifier_type, u.priority, 'seen together'
            from used u join strongest s using (subject_no) where u.node_id <> s.left_id
        )
        select left_id, right_id, rule, priority, 1.0::double as weight, evidence, null::varchar as reason from found
        """,
    )
    return "ir_edges_certain"


def seen_together(identifier_type: str, priority: int) -> str:
    """Query of (left_id, right_id): each value of a type with the strongest usable identifier of its event.

    Two values of the same guarded type in one event make no pair: nothing stronger vouches for them.
    """
    return f"""
        select distinct s.left_id, u.node_id as right_id
        from ir_strong_uses u
        join (
            select subject_no, {STRONGEST} as left_id from ir_strong_uses anti join ir_unusable using (node_id)
            where record_id is null and priority < {priority} group by subject_no
        ) s using (subject_no)
        where u.record_id is null and u.identifier_type = '{identifier_type}'
            and u.node_id not in (select node_id from ir_unusable)
    """
