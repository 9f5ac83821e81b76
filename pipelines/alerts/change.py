"""When a check is worth telling: its level rose, it still fails after a while, or it holds again.

Put here: the rule, as a pure function. Keep out: where standings are stored (state.py), what is told (message.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LEVELS = {"record": 0, "warn": 1, "block": 2}  # a check that only records is as good as one that holds
FAILED, WORSE, STILL, HOLDS = "failed", "worse", "still", "holds again"


@dataclass(frozen=True)
class Standing:
    """What was last seen of one check of one asset."""

    level: int  # of LEVELS; 0 where it holds
    since: datetime | None  # when it began to fail
    told_at: datetime | None  # when its failing was last told
    seen_at: datetime


def judge(
    before: Standing | None, *, severity: str, success: bool, at: datetime, remind_after: timedelta
) -> tuple[Standing, str | None]:
    """Take up one evaluation.

    Args:
        before: None for a check never seen.
        severity: one of LEVELS. at: when it was evaluated.
        remind_after: a check that goes on failing is told again after so long.
    Returns:
        What stands now, and the event to tell: failed, worse, still, holds again, or None. An evaluation no later
        than one already seen changes nothing, so a run may be taken up twice.
    """
    if before and at <= before.seen_at:
        return before, None
    was = before.level if before else 0
    level = 0 if success else LEVELS[severity]
    if not level:
        return Standing(0, None, None, at), HOLDS if was and success else None
    since = before.since if was else at
    if level > was:
        return Standing(level, since, at, at), WORSE if was else FAILED
    if at - before.told_at >= remind_after:
        return Standing(level, since, at, at), STILL
    return Standing(level, since, before.told_at, at), None
