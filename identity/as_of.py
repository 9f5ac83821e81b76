"""What the system believed at a moment: queries over the histories.

Put here: the state as of a moment, and the way from any id ever published to the ids that held its people then.
Keep out: how the histories are written (history.py), when things happened in the world (valid_from, valid_to).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from identity.engine import Engine
from identity.sql import customer_uuid, quote, timestamp
from identity.tables import columns_of


def membership_as_of(at: datetime | None = None) -> str:
    """Query of the rows of `identity.membership` believed at a moment, without known_from and known_to.

    Args:
        at: UTC. A build that began to believe something at this very moment counts. None: now, as for all of these.
    """
    return _believed("membership", at)


def golden_cells_as_of(at: datetime | None = None) -> str:
    """Query of `identity.golden_cells` as it was at a moment."""
    return _believed("golden_cell_history", at)


def customers_as_of(at: datetime | None = None) -> str:
    """Query of `identity.customers` as it was at a moment, but for first_arrived_on.

    Found from membership, since a customer is its members: one with a record is known, one with a strong identifier
    identified, a device alone anonymous; the anchor is the member the id is made of.
    """
    return f"""
        select customer_id,
            case when bool_or(kind = 'record') then 'known' when bool_or(kind = 'identifier') then 'identified'
                else 'anonymous' end as knowledge_level,
            min(case when {customer_uuid("subject_id")} = customer_id then subject_id end) as anchor,
            count(case when kind = 'record' then 1 end) as records,
            count(case when kind <> 'record' then 1 end) as identifiers
        from ({membership_as_of(at)}) believed
        where kind <> 'device' or valid_from is null
        group by customer_id
    """


def resolve_id(customer_id: str | UUID, at: datetime | None = None) -> str:
    """Query of the customer ids that stood, at a moment, for whom this id stands or stood.

    The id itself where it lived then. Else the ids that held its members: those it had last before the moment or, for
    an id first published later, those it had first. None where they were all withdrawn, or not known yet.

    Raises:
        ValueError: customer_id is no UUID.
    """
    try:
        asked = f"cast({quote(str(UUID(str(customer_id))))} as uuid)"
    except ValueError as fault:
        raise ValueError(
            "customer id: not a UUID (32 hexadecimal digits); copy it from a customer_id column"
        ) from fault
    then = _moment(at)
    return f"""
        with nearest as (
            select subject_id, kind from identity.membership
            where customer_id = {asked} and (kind <> 'device' or valid_from is null)
            qualify rank() over (
                order by known_from > {then},
                    case when known_to <= {then} and known_from <= {then} then known_to
                        when known_from <= {then} then timestamp 'infinity' end desc,
                    case when known_from > {then} then known_from end
            ) = 1
        ),
        reached as (
            select distinct m.customer_id
            from nearest n join ({membership_as_of(at)}) m on m.subject_id = n.subject_id and m.kind = n.kind
        )
        select customer_id from reached
        where customer_id = {asked} or {asked} not in (select customer_id from reached)
    """


def describe_as_of(engine: Engine, customer_id: str | UUID, at: datetime | None = None) -> list[dict] | None:
    """Who a customer was at a moment: each id that stood for it then, with its members and golden cells.

    Returns:
        One dict per id: customer_id, knowledge_level, members (kind, subject_id), cells (attribute, value, dataset,
        record_id, rule). Empty where nobody of it was known then; None where no such id was ever published.
    Raises:
        ValueError: customer_id is no UUID.
    """
    ids = engine.fetch(f"select cast(customer_id as varchar) as id from ({resolve_id(customer_id, at)}) order by 1")
    if not len(ids):
        ever = f"identity.membership where customer_id = cast({quote(str(customer_id))} as uuid)"
        return [] if engine.count(ever) else None

    def of(query: str, columns: str, id_: str) -> list[dict]:
        where = f"customer_id = cast({quote(id_)} as uuid)"
        return engine.fetch(f"select distinct {columns} from ({query}) q where {where} order by {columns}").to_pylist()

    return [
        {
            "customer_id": id_,
            "knowledge_level": of(customers_as_of(at), "knowledge_level", id_)[0]["knowledge_level"],
            "members": of(membership_as_of(at), "kind, subject_id", id_),
            "cells": of(golden_cells_as_of(at), "attribute, value, dataset, record_id, rule", id_),
        }
        for id_ in ids["id"].to_pylist()
    ]


def _believed(relation: str, at: datetime | None) -> str:
    told = ", ".join(columns_of(relation)[:-2])
    period = f"known_from <= {_moment(at)} and (known_to is null or known_to > {_moment(at)})"
    return f"select {told} from identity.{relation} where {period}"


def _moment(at: datetime | None) -> str:
    return "timestamp 'infinity'" if at is None else timestamp(at)
