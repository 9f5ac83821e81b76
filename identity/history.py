"""What changed since the last resolve: membership and golden cells in the system's time, id events, redirects.

Put here: the comparison of the state before with the state now, and the statements that write it down.
Keep out: why an id changed (causes.py), and anything the present state depends on. History only looks on.
"""

from __future__ import annotations

from datetime import UTC, datetime

from identity.causes import find_causes
from identity.engine import PLACE, Engine
from identity.scope import Scope
from identity.sql import quote, timestamp
from identity.tables import columns_of

TIMED = {"membership": "ir_now", "golden_cell_history": "ir_cells"}  # relation -> its rows as they are now
_PARTS = {"membership": "kind", "golden_cell_history": "attribute"}  # compared by, so that memory holds one part


def read_clock(engine: Engine, known_at: datetime) -> datetime:
    """The moment from which the new state is believed; UTC.

    Never before the moment of the state before: a clock that was put back must not make the past uncertain.
    """
    moments = " union all ".join(f"select known_from, known_to from identity.{name}" for name in TIMED)
    [last] = engine.fetch(f"select greatest(max(known_from), max(known_to)) as at from ({moments})")["at"].to_pylist()
    moment = known_at.astimezone(UTC).replace(tzinfo=None) if known_at.tzinfo else known_at
    return max(moment, last or moment)


def compare_states(engine: Engine, known_at: datetime, run_id: str, scope: Scope) -> None:
    """Write `ir_closed_<name>` (rows of the relations of TIMED), `ir_written`, `ir_events` and `ir_redirects`.

    Reads the published state, `ir_cells`, and `ir_everyone` (customer_id of all present customers of the scope).
    """
    _gather_membership(engine)
    for name in TIMED:
        _find_closed(engine, name, scope)
    _count_written(engine, scope)
    _follow_ids(engine, scope)
    find_causes(engine, scope)
    _log_events(engine, known_at, run_id)
    _redirect(engine, known_at, scope)


def history_statements(engine: Engine, known_at: datetime, scope: Scope) -> list[str]:
    """Statements that add to the history what compare_states found.

    What is still open once the closed rows are closed is what stays; the rest of what is so now is new. It goes from
    the one relation into the other without a copy in between: on a first run that is everything.
    """
    at = timestamp(known_at)
    statements = []
    for name, now in TIMED.items():
        statements.append(
            f"update identity.{name} set known_to = {at} where {PLACE} in (select row_no from ir_closed_{name})"
        )
        statements += [
            f"insert into identity.{name} select {_told(name, 'a')}, {at}, null from {now} a "
            f"anti join (select * from {scope.was(name)} where known_to is null and {part}) b "
            f"on {_same(name, 'a', 'b')} where {part}"
            for part in _parts(engine, name, scope)
        ]
    return [*statements, "insert into identity.id_events select * from ir_events"]


def _find_closed(engine: Engine, name: str, scope: Scope) -> None:
    """`ir_closed_<name>`: the open rows that no longer hold, and where they lie."""
    engine.store(f"ir_closed_{name}", f"select {_told(name, 'h')}, row_no from {scope.was(name)} h where false")
    for part in _parts(engine, name, scope):
        engine.run(
            f"insert into ir_closed_{name} select {_told(name, 'h')}, h.row_no from {scope.was(name)} h "
            f"anti join (select * from {TIMED[name]} where {part}) n on {_same(name, 'h', 'n')} "
            f"where h.known_to is null and {part}"
        )


def _count_written(engine: Engine, scope: Scope) -> None:
    """`ir_written` (relation, opened, closed): rows this build adds to the history and closes in it."""
    counts = " union all ".join(
        f"select '{name}' as relation, (select count(*) from {now}) as present, "
        f"(select count(*) from {scope.was(name)} where known_to is null) as before, "
        f"(select count(*) from ir_closed_{name}) as closed"
        for name, now in TIMED.items()
    )
    engine.store("ir_written", f"select relation, present - before + closed as opened, closed from ({counts})")


def _parts(engine: Engine, name: str, scope: Scope) -> list[str]:
    """Conditions that take a relation apart: a comparison holds one part in memory, not the whole."""
    if not scope.is_full:
        return ["true"]
    column = _PARTS[name]
    found = engine.fetch(
        f"select {column} as part from {TIMED[name]} union select {column} from identity.{name} where known_to is null "
        "order by part"
    )
    return [f"{column} = {quote(part)}" for part in found["part"].to_pylist()]


def _told(name: str, side: str) -> str:
    """The columns of a timed relation but the two of the system's time."""
    return ", ".join(f"{side}.{column}" for column in columns_of(name)[:-2])


def _same(name: str, side: str, other: str) -> str:
    return " and ".join(f"{side}.{c} is not distinct from {other}.{c}" for c in columns_of(name)[:-2])


def _gather_membership(engine: Engine) -> None:
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


def _follow_ids(engine: Engine, scope: Scope) -> None:
    """`ir_moves` (old_id, new_id, is_gone, targets): where the members of an id went; new_id null when nowhere."""
    before = scope.was("customers")
    engine.store("ir_born", f"select customer_id from ir_everyone anti join {before} b using (customer_id)")
    engine.store("ir_gone", f"select customer_id from {before} b anti join ir_everyone using (customer_id)")
    engine.store(
        "ir_moves",
        """
        with moved as (
            select distinct c.customer_id as old_id, n.customer_id as new_id
            from ir_closed_membership c join ir_now n on n.subject_id = c.subject_id and n.kind = c.kind
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


def _log_events(engine: Engine, known_at: datetime, run_id: str) -> None:
    engine.define(
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
            event, customer_id, other_id, cause, {timestamp(known_at)} as "at", {quote(run_id)} as run_id
        from happened
        """,
    )


def _redirect(engine: Engine, known_at: datetime, scope: Scope) -> None:
    """Every id ever published and gone leads, in one step, to the ids that hold its last members now, or to none.

    Found from membership afresh each time: a member that left the id it was merged into takes the redirect along.
    """
    outside = "" if scope.is_full else "union all select subject_id, kind, customer_id from outside"
    engine.store(
        "ir_redirects",
        f"""
        with ever_gone as (
            (select old_id as customer_id from identity.id_redirects union select customer_id from ir_gone)
            except select customer_id from ir_born
        ),
        last as (
            select customer_id as old_id, subject_id, kind
            from identity.membership semi join ever_gone using (customer_id)
            where kind <> 'device' or valid_from is null
            qualify coalesce(known_to, timestamp 'infinity')
                = max(coalesce(known_to, timestamp 'infinity')) over (partition by customer_id)
        ),
        outside as (
            select subject_id, kind, customer_id from identity.membership
            where known_to is null and subject_id in (select subject_id from last)
                and (subject_id, kind) not in (select (subject_id, kind) from {scope.was("membership")})
        ),
        present as (select subject_id, kind, customer_id from ir_now {outside}),
        reached as (
            select distinct l.old_id, n.customer_id as new_id
            from last l left join present n on n.subject_id = l.subject_id and n.kind = l.kind
        ),
        targets as (
            select *, count(new_id) over (partition by old_id) as targets from reached
            qualify new_id is not null or targets = 0
        )
        select t.old_id, t.new_id,
            coalesce(e.cause, case t.targets when 0 then 'retire' when 1 then 'merge' else 'split' end) as cause,
            coalesce(e."at", {timestamp(known_at)}) as "at"
        from targets t
        left join identity.id_redirects e on e.old_id = t.old_id and e.new_id is not distinct from t.new_id
        """,
    )
