"""The clock of the machine, held against that of the runs before.

Put here: whether it goes backwards. Keep out: instants of data; they come from the sources, and journeys are judged at
the end of the latest arrived day.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import dagster as dg

SLACK = timedelta(minutes=1)  # clocks are put right by seconds every day


def find_clock_fault(instance: dg.DagsterInstance, now: datetime) -> str | None:
    """What to tell of a clock that is behind the last run; None where it is not.

    Args:
        now: with its zone.
    """
    last = instance.get_run_records(limit=1)
    if not last or last[0].create_timestamp <= now + SLACK:
        return None
    return (
        f"the clock says {now:%Y-%m-%d %H:%M} UTC, and the last run began at "
        f"{last[0].create_timestamp:%Y-%m-%d %H:%M} UTC: files dated after today wait until the clock is there, "
        "everything else goes on; set the clock, if it is wrong"
    )
