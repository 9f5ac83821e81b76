"""What an alert says: one message per owner and run, most severe first, without any customer's value.

Put here: the words, and the same as JSON. Keep out: when something is told (change.py), how it gets there (deliver.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pipelines.alerts.change import HOLDS, LEVELS, STILL, WORSE

NAMED = 6  # tables named in the text; the JSON names all


@dataclass(frozen=True)
class Alert:
    """One check whose standing changed. Counts and names only."""

    run_id: str
    asset: str
    check: str
    event: str  # failed | worse | still | holds again
    severity: str  # block | warn
    failing_rows: int | None
    threshold: str | None
    observed: str | None
    since: datetime | None  # when it began to fail (UTC)
    run_url: str | None = None
    look: str = ""  # where the rows are
    downstream: tuple[str, ...] = ()  # published tables, nearest first
    journeys: tuple[str, ...] = ()
    consumers: tuple[str, ...] = ()  # who reads the tables downstream, or the table itself

    @property
    def key(self) -> str:
        """The same alert again has the same key."""
        return f"{self.run_id}:{self.asset}:{self.check}"


@dataclass(frozen=True)
class Message:
    """What one owner is told of one run. `key` is the same however often it is delivered."""

    key: str
    title: str
    text: str
    body: dict[str, Any]  # the same for programs: JSON


def compose(company: str, owner: str, run_id: str, alerts: Iterable[Alert]) -> Message:
    """One message from the alerts of one owner in one run; at least one."""
    ordered = sorted(alerts, key=_rank)
    key = ordered[0].key if len(ordered) == 1 else f"{run_id}:{owner}"
    title = f"{company}: {_summary(ordered)}"
    text = "\n\n".join([f"{title}\nfor {owner}, run {run_id}", *map(_paragraph, ordered), f"key {key}"])
    body = {
        "key": key,
        "company": company,
        "owner": owner,
        "run_id": run_id,
        "title": title,
        "text": text,
        "alerts": [_json(alert) for alert in ordered],
    }
    return Message(key, title, text, body)


def says(alert: Alert) -> str:
    """The check as a sentence: its name states what should be true."""
    held = alert.event == HOLDS
    return f"{alert.asset}: {alert.check.replace('_', ' ')}: {'holds again' if held else 'does not hold'}"


def _rank(alert: Alert) -> tuple:
    return alert.event == HOLDS, -LEVELS[alert.severity], -(alert.failing_rows or 0), alert.asset, alert.check


def _summary(alerts: list[Alert]) -> str:
    failing = [a.severity for a in alerts if a.event != HOLDS]
    counts = {
        "blocking": failing.count("block"),
        "warning": failing.count("warn"),
        "holding again": len(alerts) - len(failing),
    }
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def _paragraph(alert: Alert) -> str:
    word = "OK" if alert.event == HOLDS else alert.severity.upper()
    return "\n".join([f"{word}  {says(alert)}", *(f"  {line}" for line in _details(alert) if line)])


def _details(alert: Alert) -> Iterable[str]:
    began = f"{alert.since:%Y-%m-%d %H:%M} UTC" if alert.since else None
    if alert.event == HOLDS:
        yield f"failed since {began}" if began else ""
        return
    yield {WORSE: f"was a warning before, fails since {began}", STILL: f"still fails, since {began}"}.get(
        alert.event, ""
    )
    rows = [f"{alert.failing_rows:,} rows"] if alert.failing_rows is not None else []
    seen = [f"seen {alert.observed}"] if alert.observed else []
    allowed = [f"allowed {alert.threshold}"] if alert.threshold else []
    yield "; ".join([*rows, *seen, *allowed])
    yield f"look: {alert.look}" if alert.look else ""
    yield f"run: {alert.run_url}" if alert.run_url else ""
    yield f"downstream: {_few(alert.downstream)}" if alert.downstream else ""
    yield f"journeys: {', '.join(alert.journeys)}" if alert.journeys else ""
    yield f"consumers: {_few(alert.consumers)}" if alert.consumers else ""


def _few(names: tuple[str, ...]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _json(alert: Alert) -> dict[str, Any]:
    facts = {**asdict(alert), "since": alert.since.isoformat() + "Z" if alert.since else None}
    return {"key": alert.key, "says": says(alert), **facts}
