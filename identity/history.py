"""What changed since the last resolve: membership in two times, id events, redirects.

Put here: the comparison of the state before with the state now, and the statements that write it down.
Keep out: anything the present state depends on. History only looks on.
"""

from __future__ import annotations

from datetime import datetime

from identity.engine import Engine
from identity.sql import quote

_EDGE = "rule || ' edge ' || left(md5(left_node || '~' || right_node || '~' || rule), 12)"
_ROW = "subject_id, kind, customer_id, valid_from, valid_to"


def compare_states(engine: Engine, known_at: datetime, run_id: str) -> None:
    """Write `ir_opened`, `ir_closed` (membership rows), `ir_events` and `ir_redirects`.

    Reads the published state and `ir_everyone` (customer_id of all present customers). A cause names an edge by its
    rule and the first 12 digits of md5(left_node~right_node~rule): events are published, node names are not.
    """
    _compare_membership(engine)
    _follow_ids(engine)
    _find_causes(engine)
    _log_events(engine, known_at, run_id)
    _redirect(engine, known_at)


def history_statements(known_at: datetime) -> list[str]:
    """Statements that add to the history what compare_states found."""
    same = " and ".join(f"m.{column} is not distinct from c.{column}" for column in _ROW.split(", ")[3:])
    at = _timestamp(known_at)
    return [
        f"update identity.membership m set known_to = {at} from ir_closed c where m.known_to is null "
        f"and m.subject_id = c.subject_id and m.kind = c.kind and m.customer_id = c.customer_id and {same}",
        f"insert into identity.membership select {_ROW}, {at}, null from ir_opened",
        "insert into identity.id_events select * from ir_events",
    ]


def _compare_membership(engine: Engine) -> None:
    engine.store(
        "ir_now",
        """
        select n.name as subject_id, case when m.is_record then 'record' else 'identifier' end as kind, c.customer_id,
            null::timestamp as valid_from, null::timestamp as valid_to
        from ir_members m join ir_names n using (node_id) join ir_customers c using (label)
        union all
        select device_key, 'device', customer_id, valid_from, valid_to from ir_intervals
        union all
        select device_key, 'device', customer_id, null, null from ir_device_customers
        """,
    )
    engine.store("ir_before", f"select {_ROW} from identity.membership where known_to is null")
    engine.store("ir_opened", "select * from ir_now except select * from ir_before")
    engine.store("ir_closed", "select * from ir_before except select * from ir_now")


def _follow_ids(engine: Engine) -> None:
    """`ir_moves` (old_id, new_id, is_gone, targets): where the members of an id went; new_id null when nowhere."""
    engine.store("ir_born", "select customer_id from ir_everyone anti join identity.customers using (customer_id)")
    engine.store("ir_gone", "select customer_id from identity.customers anti join ir_everyone using (customer_id)")
    engine.store(
        "ir_moves",
        """
        with moved as (
            select distinct c.customer_id as old_id, n.customer_id as new_id
            from ir_closed c join ir_now n on n.subject_id = c.subject_id and n.kind = c.kind
            where n.customer_id <> c.customer_id
                and (c.kind <> 'device' or c.valid_from is null and c.customer_id in (select customer_id from ir_gone))
        ),
        found as (
            select old_id, new_id, old_id in (select customer_id from ir_gone) as is_gone from moved
            union all
            select customer_id, null, true from ir_gone where customer_id not in (select old_id from moved)
        )
        select *, count(new_id) over (partition by old_id) as targets from found
        """,
    )


def _find_causes(engine: Engine) -> None:
    """`ir_causes` (old_id, new_id, cause): the first edge that joined them, or the first that no longer holds."""
    engine.store(
        "ir_was",
        "select subject_id as node, customer_id as id from ir_before where kind <> 'device' "
        "and customer_id in (select old_id from ir_moves union select new_id from ir_moves)",
    )
    engine.store(
        "ir_is",
        "select subject_id as node, customer_id as id from ir_now where kind <> 'device' "
        "and customer_id in (select old_id from ir_moves union select new_id from ir_moves)",
    )
    engine.store(
        "ir_causes",
        f"""
        with gained as (
            select a.id as old_id, now.id as new_id, min({_EDGE}) as cause
            from ir_edges_named e
            join ir_is now on now.node = e.left_node
            left join ir_was l on l.node = e.left_node
            left join ir_was r on r.node = e.right_node
            cross join lateral (select unnest([l.id, r.id]) as id) a
            where e.state = 'accepted' and l.id is distinct from r.id and a.id <> now.id
            group by all
        ),
        lost as (
            select old.id as old_id, a.id as new_id, min('lost ' || {_EDGE}) as cause
            from identity.edges e
            join ir_was old on old.node = e.left_node
            left join ir_is l on l.node = e.left_node
            left join ir_is r on r.node = e.right_node
            cross join lateral (select unnest([l.id, r.id]) as id) a
            where e.state = 'accepted' and l.id is distinct from r.id and a.id is distinct from old.id
            group by all
        )
        select m.old_id, m.new_id, case
            when m.new_id is null then 'withdrawn'
            when m.is_gone and m.targets = 1 then coalesce(g.cause, l.cause,
                case when b.knowledge_level = 'anonymous' then 'device claimed' else 'anchor withdrawn' end)
            else coalesce(l.cause, g.cause,
                case when b.knowledge_level = 'anonymous' then 'device claimed' else 'member moved' end) end as cause
        from ir_moves m
        left join gained g on g.old_id = m.old_id and g.new_id = m.new_id
        left join lost l on l.old_id = m.old_id and l.new_id = m.new_id
        left join identity.customers b on b.customer_id = m.old_id
        """,
    )


def _log_events(engine: Engine, known_at: datetime, run_id: str) -> None:
    engine.store(
        "ir_events",
        f"""
        with flows as (
            select case when m.new_id is null then 'retire' when m.is_gone and m.targets = 1 then 'merge'
                    else 'split' end as event,
                coalesce(m.new_id, m.old_id) as customer_id,
                case when m.new_id is not null then m.old_id end as other_id,
                c.cause
            from ir_moves m join ir_causes c on c.old_id = m.old_id and c.new_id is not distinct from m.new_id
        ),
        happened as (
            select * from flows
            union all
            select 'mint', b.customer_id, null, 'new ' || e.knowledge_level || ' customer'
            from ir_born b join ir_everyone e using (customer_id)
            where b.customer_id not in (select customer_id from flows where event = 'split')
        )
        select cast(md5(concat_ws('|', {quote(run_id)}, {quote(known_at.isoformat())}, event, customer_id, other_id))
                as uuid) as event_id,
            event, customer_id, other_id, cause, {_timestamp(known_at)} as "at", {quote(run_id)} as run_id
        from happened order by event, customer_id, other_id
        """,
    )


def _redirect(engine: Engine, known_at: datetime) -> None:
    """Every id ever published and gone leads, in one step, to the ids that hold its last members now, or to none.

    Found from membership afresh each time: a member that left the id it was merged into takes the redirect along.
    """
    engine.store(
        "ir_redirects",
        f"""
        with last as (
            select customer_id as old_id, subject_id, kind
            from identity.membership anti join ir_everyone using (customer_id)
            where kind <> 'device' or valid_from is null
            qualify coalesce(known_to, timestamp 'infinity')
                = max(coalesce(known_to, timestamp 'infinity')) over (partition by customer_id)
        ),
        reached as (
            select distinct l.old_id, n.customer_id as new_id
            from last l left join ir_now n on n.subject_id = l.subject_id and n.kind = l.kind
        ),
        targets as (
            select *, count(new_id) over (partition by old_id) as targets from reached
            qualify new_id is not null or targets = 0
        )
        select t.old_id, t.new_id,
            coalesce(e.cause, case t.targets when 0 then 'retire' when 1 then 'merge' else 'split' end) as cause,
            coalesce(e."at", {_timestamp(known_at)}) as "at"
        from targets t
        left join identity.id_redirects e on e.old_id = t.old_id and e.new_id is not distinct from t.new_id
        """,
    )


def _timestamp(at: datetime) -> str:
    return f"timestamp {quote(at.replace(tzinfo=None).isoformat(sep=' '))}"
