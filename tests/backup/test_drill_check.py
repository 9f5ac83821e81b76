"""The restore drill is green, red, or yellow where what differs had not been built yet.

Put here: how a drill is judged. Keep out: drills (tests/integration/test_restore.py).
"""

from __future__ import annotations

import dagster as dg
import pytest

from pipelines.backup.drill import Drill
from pipelines.defs.backup import judge_drill

ERROR, WARN = dg.AssetCheckSeverity.ERROR, dg.AssetCheckSeverity.WARN


@pytest.mark.parametrize(
    ("differing", "waiting", "judged"),
    [((), 0, (True, ERROR)), (("marts.fct_orders",), 0, (False, ERROR)), (("marts.fct_orders",), 2, (False, WARN))],
)
def test_a_drill_says_which_tables_differ_and_how_old_the_backup_was(differing, waiting, judged):
    check = judge_drill(Drill("b", 3600.4, 60.2, 5.0, 47, differing, waiting))
    assert (check.passed, check.severity) == judged
    observed = check.metadata["observed"].value
    assert observed.startswith("recovery point 3600 s, recovery time 60 s")
    assert all(table in observed for table in differing)
