"""Why ids changed: a steward's decision, an edge that came or went, a device, a withdrawal.

Put here: `ir_causes`, one cause per flow of members from one id to another.
Keep out: which ids changed (history.py).
"""

from __future__ import annotations

from identity.engine import Engine
from identity.scope import Scope, find_replaced

_HASH = "left(md5(left_node || '~' || right_node || '~' || rule), 12)"
_EDGE = f"""case rule when 'decision' then 'decision same:' || substr(evidence, 10)
    when 'model' then 'model:' || substr(evidence, 7) || ' edge ' || {_HASH} else rule || ' edge ' || {_HASH} end"""
_MOVED = "select old_id from ir_moves union select new_id from ir_moves"


def find_causes(engine: Engine, scope: Scope) -> None:
    """Write `ir_causes` (old_id, new_id, cause), one row per flow of `ir_moves`.

    The first that applies: a decision that joined the two ids or took them apart, because it was made or because it is
    no longer in effect (`lost`); of a merge the first edge that joined them, then the first that no longer holds; of a
    split the other way round; a device that was claimed, a member that moved, an anchor or customer withdrawn.

    A cause names a decision by its id, the model by its fingerprint, and an edge by its rule and the first 12 digits
    of md5(left_node~right_node~rule): events are published, node names are not.
    """
    if not engine.count("ir_moves"):
        engine.store("ir_causes", "select old_id, new_id, null::varchar as cause from ir_moves")
        return
    find_replaced(engine, scope, "edges", "decisions")
    was = f"{scope.was('membership')} where known_to is null"
    for target, source in (("ir_was", was), ("ir_is", "ir_now where true")):
        engine.store(
            target,
            f"select subject_id as node, customer_id as id from {source} and kind <> 'device' "
            f"and customer_id in ({_MOVED})",
        )
    _compare_decisions(engine, scope)
    _compare_edges(engine, scope)
    engine.store(
        "ir_causes",
        f"""
        with ranked as (
            select m.old_id, m.new_id, f.cause,
                case f.kind
                    when 'decision' then 1
                    when 'gained' then case when m.is_gone and m.targets = 1 then 2 else 6 end
                    when 'withdrawn' then 3
                    when 'decision beside' then 4
                    else 5
                end as place
            from ir_moves m
            join (
                select * from ir_changed_decisions union all select * from ir_changed_edges
            ) f on f.old_id = m.old_id and (f.new_id = m.new_id or f.new_id is null and f.kind = 'decision beside')
        ),
        first as (select old_id, new_id, arg_min(cause, (place, cause)) as cause from ranked group by old_id, new_id)
        select m.old_id, m.new_id, case
            when m.new_id is null then 'withdrawn'
            when f.cause is not null then f.cause
            when b.knowledge_level = 'anonymous' then 'device claimed'
            when m.is_gone and m.targets = 1 then 'anchor withdrawn'
            else 'member moved' end as cause
        from ir_moves m
        left join first f on f.old_id = m.old_id and f.new_id = m.new_id
        left join {scope.was("customers")} b on b.customer_id = m.old_id
        """,
    )


def _compare_decisions(engine: Engine, scope: Scope) -> None:
    """`ir_changed_decisions` (old_id, new_id, kind, cause): what decisions did that came into effect or went out of it.

    Only where both nodes were there before and are there now: a node that is withdrawn takes its decision along, and is
    the cause itself. What else falls off a customer a decision took apart is `decision beside`, with new_id null.
    """
    before = f"{scope.was('decisions')} d"
    engine.store(
        "ir_changed_decisions",
        f"""
        with now as (
            select d.decision_id, d.verdict, l.name as left_node, r.name as right_node
            from ir_decisions d join ir_names l on l.node_id = d.left_id join ir_names r on r.node_id = d.right_id
            where d.in_effect
        ),
        changed as (
            select *, '' as lost from now anti join {before} using (decision_id)
            union all
            select *, 'lost ' from {before} anti join now using (decision_id)
        ),
        placed as (
            select c.lost || 'decision ' || c.verdict || ':' || c.decision_id as cause,
                (c.verdict = 'same') = (c.lost = '') as is_joining,
                was_l.id as was_left, was_r.id as was_right, is_l.id as is_left, is_r.id as is_right
            from changed c
            join ir_was was_l on was_l.node = c.left_node join ir_was was_r on was_r.node = c.right_node
            left join ir_is is_l on is_l.node = c.left_node left join ir_is is_r on is_r.node = c.right_node
            where c.left_node in (select name from ir_names) and c.right_node in (select name from ir_names)
        )
        select unnest([was_left, was_right]) as old_id, is_left as new_id, 'decision' as kind, cause
        from placed where is_joining and was_left <> was_right and is_left = is_right
        union all
        select was_left, unnest([is_left, is_right, null]), unnest(['decision', 'decision', 'decision beside']), cause
        from placed where not is_joining and was_left = was_right and is_left is distinct from is_right
        """,
    )


def _compare_edges(engine: Engine, scope: Scope) -> None:
    """`ir_changed_edges` (old_id, new_id, kind, cause): edges that joined ids, and edges that no longer hold them.

    kind: gained, lost, or withdrawn where an edge went because one of its nodes did.
    """
    engine.store(
        "ir_changed_edges",
        f"""
        with gained as (
            select a.id as old_id, now.id as new_id,
                case rule when 'decision' then 'decision' else 'gained' end as kind, min({_EDGE}) as cause
            from ir_edges_named e
            join ir_is now on now.node = e.left_node
            left join ir_was l on l.node = e.left_node
            left join ir_was r on r.node = e.right_node
            cross join lateral (select unnest([l.id, r.id]) as id) a
            where e.state = 'accepted' and l.id is distinct from r.id and a.id <> now.id
            group by all
        ),
        lost as (
            select old.id as old_id, a.id as new_id,
                case when e.left_node in (select name from ir_names) and e.right_node in (select name from ir_names)
                    then 'lost' else 'withdrawn' end as kind,
                min('lost ' || {_EDGE}) as cause
            from {scope.was("edges")} e
            join ir_was old on old.node = e.left_node
            left join ir_is l on l.node = e.left_node
            left join ir_is r on r.node = e.right_node
            cross join lateral (select unnest([l.id, r.id]) as id) a
            where e.state = 'accepted' and l.id is distinct from r.id and a.id is distinct from old.id
            group by all
        )
        select * from gained union all select * from lost where new_id is not null
        """,
    )
