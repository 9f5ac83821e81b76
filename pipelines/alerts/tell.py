"""From the checks of a run to messages that got there: the one thing the outside calls.

Put here: the order of things. Keep out: each of them (the other modules of this folder).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from time import monotonic
from typing import Any

import sqlalchemy as sa

from pipelines.alerts.deliver import DeliveryError, Patience, Post, deliver
from pipelines.alerts.look import Facts
from pipelines.alerts.message import Alert, Message, compose
from pipelines.alerts.route import Graph, channels_of, owner_of
from pipelines.alerts.state import (
    METADATA,
    Waiting,
    judge_all,
    list_waiting,
    note_outcome,
    put_out,
    read_standings,
    take_up,
)
from pipelines.settings import Settings
from pipelines.state import open_state, write_state
from quality.channel import Channel
from quality.company import Company

BUDGET = 30.0  # seconds; no channel is begun after that: Dagster gives a sensor 60 for all of it


def tell(
    settings: Settings,
    company: Company,
    graph: Graph,
    rows: Iterable[Mapping[str, Any]],
    run_id: str,
    patience: Patience | None = None,
) -> list[str]:
    """Tell the owners what changed in a run, and deliver what earlier runs could not.

    Args:
        rows: the evaluations, as of `pipelines.check_log.check_rows`. The same rows again tell nothing.
        run_id: the run the messages name; a row may be of another one.
    Returns:
        One line per channel for the log: what got there, and what did not and why. A channel that fails fails
        nothing else: its messages wait for the next run.
    """
    facts = Facts(settings, company, graph)
    engine = open_state(settings.state_url, METADATA)
    now = datetime.now(UTC).replace(tzinfo=None)
    with write_state(engine) as connection:
        raised = take_up(connection, facts.correct(rows), company.alerts.remind_after)
        alerts = [facts.describe(row, event, since) for row, event, since in raised]
        for message, channel in _messages(company, graph, run_id, alerts):
            put_out(connection, message, channel, now)
    post = Post(settings.home, settings.environ, company.alerts.sender, patience or Patience())
    try:
        return list(_deliver_all(engine, post, company))
    finally:
        engine.dispose()


def is_due(settings: Settings, company: Company, rows: Iterable[Mapping[str, Any]]) -> bool:
    """Whether `tell` would tell something of these rows, or has something to deliver; nothing is written."""
    rows = Facts(settings, company, Graph({}, {})).correct(rows)
    engine = open_state(settings.state_url, METADATA)
    try:
        with engine.connect() as connection:
            return bool(
                list_waiting(connection) or judge_all(read_standings(connection), rows, company.alerts.remind_after)[1]
            )
    finally:
        engine.dispose()


def _messages(
    company: Company, graph: Graph, run_id: str, alerts: Iterable[Alert]
) -> Iterator[tuple[Message, Channel]]:
    """One per owner and channel."""
    shares: dict[tuple[str, Channel], list[Alert]] = defaultdict(list)
    for alert in alerts:
        for channel in channels_of(company, graph, alert.asset):
            shares[owner_of(company, graph, alert.asset), channel].append(alert)
    for (owner, channel), share in sorted(shares.items(), key=lambda s: s[0]):
        yield compose(company.company, owner, run_id, share), channel


def _deliver_all(engine: sa.Engine, post: Post, company: Company) -> Iterator[str]:
    """Channel by channel, those that failed before last, so that a dead one keeps nobody else waiting."""
    with engine.connect() as connection:
        waiting = list_waiting(connection)
    started = monotonic()
    by_channel = [list(group) for _, group in groupby(sorted(waiting, key=lambda w: w.channel), lambda w: w.channel)]
    for group in sorted(by_channel, key=lambda g: max(w.tries for w in g)):
        if monotonic() - started > BUDGET:
            yield f"{group[0].channel.address}: {len(group)} messages wait for the next run; no time was left"
            continue
        yield _deliver_group(engine, group, post, company)


def _deliver_group(engine: sa.Engine, group: list[Waiting], post: Post, company: Company) -> str:
    fault = None
    for done, waiting in enumerate(group):
        try:
            deliver(waiting.channel, waiting.message, post)
        except DeliveryError as error:
            fault = str(error)
        with write_state(engine) as connection:
            now = datetime.now(UTC).replace(tzinfo=None)
            note_outcome(connection, waiting, fault, now, company.alerts.remind_after)
        if fault:
            return f"{waiting.channel.address}: {len(group) - done} of {len(group)} messages not delivered: {fault}"
    return f"{group[0].channel.address}: {', '.join(w.message.title for w in group)}"
