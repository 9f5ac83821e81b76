"""What a steward may call a node, and the pairs put up for a steward's judgement.

Put here: reading published identity relations for a person who decides.
Keep out: decisions (decisions.py), how things are shown on a terminal.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass

from identity.engine import Engine
from identity.sql import quote

SHORT = 12  # digits of the md5 of a node's name: enough to tell millions apart, and no customer's value

# What can be decided about: person records and strong identifiers, with the customer they are in now.
_NODES = """
    select n.node, n.kind, m.customer_id
    from (
        select subject_id as node, 'record' as kind from identity.id_lookup where resolved_by = 'record'
        union all
        select node, identifier_type from identity.identifiers where strength = 'strong'
    ) n
    left join identity.membership m on m.subject_id = n.node and m.kind <> 'device' and m.known_to is null
"""


class SubjectError(ValueError):
    """What was named cannot be decided about. The message never repeats it: it may be an e-mail address."""


@dataclass(frozen=True)
class Subject:
    """A node of the graph and the customer it is in; customer_id is None where it is in none (a hub, say)."""

    node: str
    kind: str  # record, or the identifier type
    customer_id: str | None


def shorten(node: str) -> str:
    """The first digits of the md5 of a node's name, to show in place of it."""
    return hashlib.md5(node.encode(), usedforsecurity=False).hexdigest()[:SHORT]


def find_subject(engine: Engine, where: str, name: str) -> Subject:
    """The node somebody named: by its name, the short form of it, or the id of a customer, which is its anchor.

    Args:
        where: what the name is for, to begin a message with.
        name: a record id, `type|namespace|value`, the first 12 digits of the md5 of either, or a customer id.
    Raises:
        SubjectError: there is no such thing in the last build, or it is nothing to decide about.
    """
    wanted = _find_anchor(engine, where, name) if _is_uuid(name) else name
    found = engine.fetch(
        f"select * from ({_NODES}) n where node = {quote(wanted)} or left(md5(node), {SHORT}) = lower({quote(wanted)})"
    ).to_pylist()
    if not found:
        raise SubjectError(
            f"{where}: the last build has no person record and no strong identifier of this name; give a record id, a "
            "customer id, or the 12 digits `c360 identity review` shows"
        )
    if len(found) > 1:
        raise SubjectError(f"{where}: {len(found)} nodes have these {SHORT} digits; give the whole name")
    [row] = found
    return Subject(**{**row, "customer_id": row["customer_id"] and str(row["customer_id"])})


def find_customer(engine: Engine, where: str, name: str) -> str:
    """The id of the customer somebody named: by that id, or by a node that is in it (`find_subject`).

    Raises:
        SubjectError: there is no such thing in the last build, or the node is in no customer.
    """
    if _is_uuid(name):
        _find_living(engine, where, name)
        return name.lower()
    subject = find_subject(engine, where, name)
    if subject.customer_id is None:
        raise SubjectError(f"{where}: this {subject.kind} is in no customer; it is a value nobody is known by")
    return subject.customer_id


def read_reviews(engine: Engine, limit: int) -> list[dict]:
    """The first rows of the review queue, the weightiest of each reason first.

    Returns:
        left, left_kind, left_customer, the same of right; reason, rule, weight, detail.
    """
    return engine.fetch(
        f"""
        with nodes as ({_NODES})
        select l.node as "left", l.kind as left_kind, cast(l.customer_id as varchar) as left_customer,
            r.node as "right", r.kind as right_kind, cast(r.customer_id as varchar) as right_customer,
            q.reason, q.rule, q.weight, q.detail
        from identity.review_queue q
        join nodes l on l.node = q.left_node
        join nodes r on r.node = q.right_node
        order by q.reason, q.weight desc, l.node, r.node, q.rule limit {limit}
        """
    ).to_pylist()


def _is_uuid(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name.lower()
    except ValueError:
        return False


def _find_anchor(engine: Engine, where: str, customer_id: str) -> str:
    living = _find_living(engine, where, customer_id)
    if living["knowledge_level"] == "anonymous":
        raise SubjectError(f"{where}: customer {customer_id} is an anonymous device; a device is nobody's for good")
    return living["anchor"]


def _find_living(engine: Engine, where: str, customer_id: str) -> dict:
    living = engine.fetch(
        f"select anchor, knowledge_level from identity.customers where customer_id = {quote(customer_id)}"
    ).to_pylist()
    if living:
        return living[0]
    leads = engine.fetch(
        f"select cast(new_id as varchar) as new_id from identity.id_redirects where old_id = {quote(customer_id)} "
        "order by 1"
    )["new_id"].to_pylist()
    if not leads:
        raise SubjectError(f"{where}: there has never been a customer {customer_id}")
    now = ", ".join(new for new in leads if new)
    raise SubjectError(
        f"{where}: customer {customer_id} is no more; "
        + (f"who was in it is in {now} now: name that" if now else "nobody who was in it is left")
    )
