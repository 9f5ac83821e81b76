"""Stewards' decisions: who is one person and who is two, kept for ever and undone only by a further decision.

Put here: the table, how a decision is added to it, and which decisions are in effect.
Keep out: what a decision does to the graph (decided.py), names a steward may type (subjects.py), the audit log.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pyarrow as pa
import sqlalchemy as sa

from identity.decided import COLUMNS

VERDICTS = ("same", "not_same")
METADATA = sa.MetaData()
DECISIONS = sa.Table(
    "decisions",
    METADATA,
    sa.Column("entry", sa.Integer, primary_key=True, autoincrement=True),  # the order in which they were made
    sa.Column("decision_id", sa.String(36), nullable=False, unique=True),
    sa.Column("left_subject", sa.Text, nullable=False),
    sa.Column("right_subject", sa.Text, nullable=False),
    sa.Column("verdict", sa.String(8), nullable=False),
    sa.Column("decided_by", sa.Text, nullable=False),
    sa.Column("decided_at", sa.DateTime, nullable=False),  # UTC
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("undoes", sa.String(36), sa.ForeignKey("decisions.decision_id")),
)
for _verb in ("update", "delete"):
    for _dialect, _ddl in {
        "sqlite": f"create trigger decisions_no_{_verb} before {_verb} on decisions "
        "begin select raise(abort, 'decisions is append-only'); end",
        "postgresql": f"create rule decisions_no_{_verb} as on {_verb} to decisions do instead nothing",
    }.items():
        sa.event.listen(DECISIONS, "after_create", sa.DDL(_ddl).execute_if(dialect=_dialect))

# first: the decision a chain of undoings began with. The last word on it counts: an undoing of an undoing restores it.
_STATES = """
    with recursive chains as (
        select entry, decision_id, entry as first, 0 as undoings from decisions where undoes is null
        union all
        select d.entry, d.decision_id, c.first, c.undoings + 1
        from decisions d join chains c on d.undoes = c.decision_id
    ),
    numbered as (
        select first, undoings, row_number() over (partition by first order by entry desc) as nth from chains
    ),
    standing as (
        select d.entry, row_number() over (partition by left_subject, right_subject order by d.entry desc) as nth
        from numbered n join decisions d on d.entry = n.first
        where n.nth = 1 and n.undoings % 2 = 0
    )
    select d.*, case when d.undoes is not null then 'undoing' when s.nth = 1 then 'in effect'
            when s.nth > 1 then 'overruled' else 'undone' end as state,
        c.undoings % 2 = n.undoings % 2 as holds
    from decisions d
    join chains c on c.entry = d.entry
    join numbered n on n.first = c.first and n.nth = 1
    left join standing s on s.entry = d.entry
    order by d.entry
"""


class DecisionError(ValueError):
    """A decision that cannot be made; the message says what is missing and what to do."""


def decide(
    connection: sa.Connection,
    left: str,
    right: str,
    verdict: str,
    *,
    decided_by: str,
    reason: str,
    decided_at: datetime | None = None,
) -> str:
    """Add a decision on two nodes, in the caller's transaction, and return its id.

    It is about the two nodes, not about the customers they belong to today: `same` keeps the two in one customer and
    `not_same` in two, together with whatever other evidence ties to either. A decision on two customers is one on
    their anchors (`identity.subjects.find_subject`). It holds for as long as both nodes are there, whatever ids their
    customers have by then; while one of them is gone it has no effect.

    Args:
        left, right: person records or strong identifiers, named as in `identity.edges`; in any order.
        verdict: same or not_same.
        decided_by, reason: who and why; both are mandatory.
        decided_at: UTC; now when not given.
    Raises:
        DecisionError: a node with itself, an unknown verdict, or nobody or no reason given.
    """
    if left == right:
        raise DecisionError(
            "decision: both sides are one and the same node; a decision needs two; where one customer is two people, "
            "name two of its records"
        )
    if verdict not in VERDICTS:
        raise DecisionError(f"decision: verdict {verdict!r} is not allowed; allowed: {', '.join(VERDICTS)}")
    first, second = sorted((left, right))
    pair = {"left_subject": first, "right_subject": second, "verdict": verdict, "undoes": None}
    return _add(connection, pair, decided_by, reason, decided_at)


def undo(
    connection: sa.Connection,
    decision_id: str,
    *,
    decided_by: str,
    reason: str,
    decided_at: datetime | None = None,
) -> str:
    """Undo a decision, or an undoing, by adding a row that says so; return the id of that row.

    What was in effect before the decision is in effect again: an earlier decision on the pair, else none.

    Raises:
        DecisionError: no such decision, or it is undone already; nobody or no reason given.
    """
    found = [row for row in read_decisions(connection) if row["decision_id"] == decision_id]
    if not found:
        raise DecisionError(
            f"decision {decision_id}: there is none of this id; `c360 identity decisions` lists them all"
        )
    if not found[0]["holds"]:
        raise DecisionError(f"decision {decision_id}: it is undone already; nothing was changed")
    undone = {name: found[0][name] for name in ("left_subject", "right_subject", "verdict")}
    return _add(connection, {**undone, "undoes": decision_id}, decided_by, reason, decided_at)


def read_decisions(connection: sa.Connection) -> list[dict]:
    """Every row, in the order they were made.

    Returns:
        The columns of DECISIONS; state: in effect, overruled (a later decision on the pair is in effect), undone,
        undoing; holds: false where a later undoing took the row back, so that it cannot be undone again.
    """
    return [dict(row) for row in connection.execute(sa.text(_STATES).columns(*DECISIONS.c)).mappings()]


def read_effective(connection: sa.Connection) -> pa.Table:
    """The decisions in effect as `resolve` reads them: of those not undone the latest per pair."""
    rows = [row for row in read_decisions(connection) if row["state"] == "in effect"]
    return pa.Table.from_pylist([{name: row[name] for name in COLUMNS.names} for row in rows], schema=COLUMNS)


def _add(connection: sa.Connection, pair: dict, decided_by: str, reason: str, decided_at: datetime | None) -> str:
    for name, text in (("decided_by", decided_by), ("reason", reason)):
        if not text or not text.strip():
            raise DecisionError(f"decision: {name} is empty; every decision says who made it and why")
    moment = decided_at or datetime.now(UTC)
    moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    decision_id = str(uuid.uuid4())
    values = {**pair, "decision_id": decision_id, "decided_by": decided_by, "decided_at": moment, "reason": reason}
    connection.execute(DECISIONS.insert().values(**values))
    return decision_id
