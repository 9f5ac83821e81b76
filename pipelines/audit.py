"""Who did what to which object, and why: the append-only audit log of a home.

Put here: the audit_log table and how one entry is written or read.
Keep out: decisions themselves (withdrawals, erasures, stewards' choices): they call `record` in their own transaction.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

METADATA = sa.MetaData()
AUDIT_LOG = sa.Table(
    "audit_log",
    METADATA,
    sa.Column("entry", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime, nullable=False),
)
for _verb in ("update", "delete"):
    sa.event.listen(
        AUDIT_LOG,
        "after_create",
        sa.DDL(
            f"create trigger audit_log_no_{_verb} before {_verb} on audit_log "
            f"begin select raise(abort, 'audit_log is append-only'); end"
        ).execute_if(dialect="sqlite"),
    )
    sa.event.listen(
        AUDIT_LOG,
        "after_create",
        sa.DDL(f"create rule audit_log_no_{_verb} as on {_verb} to audit_log do instead nothing").execute_if(
            dialect="postgresql"
        ),
    )


def record(
    connection: sa.Connection, *, actor: str, action: str, object: str, reason: str, at: datetime | None = None
) -> None:
    """Append one entry, in the caller's transaction, so that a deed and its entry stand or fall together.

    Args:
        connection: an open connection to the state database, with the table there (`METADATA.create_all`).
        object: what was acted on, by id; never a customer's value.
        at: UTC; now when not given.
    Raises:
        ValueError: actor, action, object or reason is empty.
    """
    entry = {"actor": actor, "action": action, "object": object, "reason": reason}
    refuse_empty(**entry)
    moment = (at or datetime.now(UTC)).astimezone(UTC) if at is None or at.tzinfo else at
    connection.execute(AUDIT_LOG.insert().values(**entry, at=moment.replace(tzinfo=None)))


def refuse_empty(**entry: str) -> None:
    """Refuse what could not be logged, before the deed.

    Raises:
        ValueError: one of these parts of an entry is empty.
    """
    empty = [name for name, value in entry.items() if not value or not value.strip()]
    if empty:
        raise ValueError(
            f"audit_log: {', '.join(empty)} is empty; every entry says who did what to which object and why"
        )


def read_entries(connection: sa.Connection, *, action: str | None = None) -> list[dict]:
    """All entries (actor, action, object, reason, at in UTC), oldest first; of one action when given."""
    query = sa.select(AUDIT_LOG).order_by(AUDIT_LOG.c.entry)
    if action:
        query = query.where(AUDIT_LOG.c.action == action)
    return [dict(row) for row in connection.execute(query).mappings()]
