"""What was told, and what still has to get there: two tables of the state database.

Put here: standings of checks, and messages until they are delivered. Keep out: the rule (change.py).
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from pipelines.alerts.change import Standing, judge
from pipelines.alerts.message import Message
from quality.channel import Channel

METADATA = sa.MetaData()
STANDINGS = sa.Table(
    "alert_standings",
    METADATA,
    sa.Column("asset", sa.Text, primary_key=True),
    sa.Column("check_name", sa.Text, primary_key=True),
    sa.Column("level", sa.Integer, nullable=False),
    sa.Column("since", sa.DateTime),
    sa.Column("told_at", sa.DateTime),
    sa.Column("seen_at", sa.DateTime, nullable=False),
)
MESSAGES = sa.Table(
    "alert_messages",
    METADATA,
    sa.Column("message_no", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("channel", sa.Text, nullable=False),  # as declared: secrets stay in the environment
    sa.Column("message", sa.Text, nullable=False),  # JSON of Message
    sa.Column("state", sa.Text, nullable=False),  # waiting | delivered | given up
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("fault", sa.Text),  # of the last try
    sa.Column("made_at", sa.DateTime, nullable=False),
    sa.Column("ended_at", sa.DateTime),
)


@dataclass(frozen=True)
class Waiting:
    """A message on its way to one channel."""

    message_no: int
    channel: Channel
    message: Message
    tries: int


def take_up(
    connection: sa.Connection, rows: Iterable[Mapping[str, Any]], remind_after: timedelta
) -> list[tuple[Mapping[str, Any], str, datetime | None]]:
    """Judge the evaluations of a run, in the caller's transaction, and remember what stands.

    Args:
        rows: as of `pipelines.check_log.check_rows`; `at` is UTC without a zone.
    Returns:
        What must be told: the row, the event, and when the check began to fail.
    """
    known = read_standings(connection)
    stands, told = judge_all(known, rows, remind_after)
    _store(connection, {key: stands[key] for key in stands if stands[key] != known.get(key)}, known)
    return told


def judge_all(
    known: Mapping[tuple[str, str], Standing], rows: Iterable[Mapping[str, Any]], remind_after: timedelta
) -> tuple[dict[tuple[str, str], Standing], list[tuple[Mapping[str, Any], str, datetime | None]]]:
    """What stands after these evaluations, and what of them must be told; nothing is written."""
    stands, told = dict(known), []
    for row in sorted(rows, key=lambda r: r["at"]):
        key = row["asset"], row["check_name"]
        before = stands.get(key)
        stands[key], event = judge(
            before, severity=row["severity"], success=row["success"], at=row["at"], remind_after=remind_after
        )
        if event:
            told.append((row, event, stands[key].since or (before and before.since)))
    return stands, told


def read_standings(connection: sa.Connection) -> dict[tuple[str, str], Standing]:
    """What was last seen of every check, by asset and name."""
    return {
        (s.asset, s.check_name): Standing(s.level, s.since, s.told_at, s.seen_at)
        for s in connection.execute(sa.select(STANDINGS))
    }


def _store(connection: sa.Connection, changed: Mapping[tuple[str, str], Standing], known: Container) -> None:
    rows = {key: {"its_asset": key[0], "its_check": key[1], **asdict(standing)} for key, standing in changed.items()}
    new, seen = ([rows[key] for key in rows if (key in known) == is_known] for is_known in (False, True))
    its = {"asset": sa.bindparam("its_asset"), "check_name": sa.bindparam("its_check")}
    if new:
        connection.execute(STANDINGS.insert().values(its), new)
    if seen:
        here = [STANDINGS.c[name] == value for name, value in its.items()]
        connection.execute(STANDINGS.update().where(*here), seen)


def put_out(connection: sa.Connection, message: Message, channel: Channel, at: datetime) -> None:
    """Leave a message for delivery, in the caller's transaction: told and remembered stand or fall together."""
    facts = {"channel": channel.address, "message": json.dumps(asdict(message)), "made_at": at}
    connection.execute(MESSAGES.insert().values(**facts, state="waiting", tries=0))


def list_waiting(connection: sa.Connection) -> list[Waiting]:
    """Messages not delivered yet, oldest first."""
    query = sa.select(MESSAGES).where(MESSAGES.c.state == "waiting").order_by(MESSAGES.c.message_no)
    return [
        Waiting(m.message_no, Channel(m.channel), Message(**json.loads(m.message)), m.tries)
        for m in connection.execute(query)
    ]


def note_outcome(
    connection: sa.Connection, waiting: Waiting, fault: str | None, at: datetime, give_up_after: timedelta
) -> None:
    """Remember how a try went: delivered, or waiting for the next run; given up where it has waited for too long."""
    here = MESSAGES.update().where(MESSAGES.c.message_no == waiting.message_no)
    late = MESSAGES.c.made_at < at - give_up_after
    ended = {"ended_at": at, "fault": fault}
    if fault is None:
        connection.execute(here.values(state="delivered", tries=waiting.tries + 1, **ended))
        return
    connection.execute(here.values(fault=fault, tries=waiting.tries + 1))
    connection.execute(here.where(late).values(state="given up", **ended))
