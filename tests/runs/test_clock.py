"""A clock that was put back is told once, with both times; one that goes on is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg

from pipelines.clock import find_clock_fault


def test_a_clock_behind_the_last_run_is_told_with_both_times():
    with dg.DagsterInstance.ephemeral() as instance:
        assert find_clock_fault(instance, datetime.now(UTC)) is None
        instance.add_run(dg.DagsterRun(job_name="land"))
        now = datetime.now(UTC)
        assert find_clock_fault(instance, now) is None
        back = now - timedelta(days=90)
        told = find_clock_fault(instance, back)
    assert told.startswith(f"the clock says {back:%Y-%m-%d %H:%M} UTC, and the last run began at ")
    assert "files dated after today wait" in told
