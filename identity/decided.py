"""What stewards decided, as the graph sees it: edges above every rule, and pairs no cluster may hold.

Put here: `ir_edges_decision`, `ir_apart`, `ir_decided` from the effective decisions.
Keep out: which decisions are in effect (decisions.py), how clusters obey them (components.py, guard.py).
"""

from __future__ import annotations

import pyarrow as pa

from identity.engine import Engine

APART = "decision: a steward says these are two people"
COLUMNS = pa.schema([(name, pa.string()) for name in ("decision_id", "left_subject", "right_subject", "verdict")])


def take_decisions(engine: Engine, decisions: pa.Table | None) -> None:
    """Write `ir_decided_on` (decision_id, left_subject, right_subject, verdict), one row per pair; none for None."""
    engine.register("ir_decided_on", COLUMNS.empty_table() if decisions is None else decisions)


def link_decided(engine: Engine) -> str:
    """Write `ir_edges_decision` and return its name; also `ir_apart`, `ir_decided`, `ir_decisions`.

    ir_decisions: verdict, left_id, right_id; null where the subject is no person record and no strong identifier now.
        Such a decision has no effect until its subjects are back.
    ir_edges_decision: the pairs a steward says are one. No guard, hub or contested value stands against them. A limit
        does: decisions come first, so between records it is the identifier of a weaker edge that is left out, and only
        decisions which break one among themselves are refused.
    ir_apart: left_id < right_id; the pairs a steward says are two.
    ir_decided: node_id of every end of `ir_edges_decision`.
    """
    engine.store(
        "ir_decisions",
        """
        with nodes as (
            select node_id, subject_id as name from ir_records
            union all
            select node_id, node from ir_identifiers where strength = 'strong'
        )
        select d.decision_id, d.verdict, least(l.node_id, r.node_id) as left_id,
            case when l.node_id is not null then greatest(l.node_id, r.node_id) end as right_id,
            l.node_id is not null and r.node_id is not null as in_effect
        from ir_decided_on d
        left join nodes l on l.name = d.left_subject
        left join nodes r on r.name = d.right_subject
        """,
    )
    engine.store(
        "ir_edges_decision",
        """
        select left_id, right_id, 'decision' as rule, 0 as priority, 1.0::double as weight,
            'decision ' || decision_id as evidence, null::varchar as reason
        from ir_decisions where in_effect and verdict = 'same'
        """,
    )
    engine.store("ir_apart", "select left_id, right_id from ir_decisions where in_effect and verdict = 'not_same'")
    engine.store(
        "ir_decided",
        "select left_id as node_id from ir_edges_decision union select right_id from ir_edges_decision",
    )
    return "ir_edges_decision"
