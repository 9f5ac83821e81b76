"""What a later step needs is imported by a thread of its own, which must not get in the way of what goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ASK = """
import sys
from threading import Thread
from pipelines.defs import warehouse

begun = []

class Watched(Thread):
    def start(self):
        begun.append(hasattr(sys.modules.get("sqlalchemy.orm.exc"), "UnmappedClassError"))

warehouse.Thread = Watched
assert "sqlalchemy.orm" not in sys.modules
warehouse.import_meanwhile("quality.gx.datasource")
print(begun)
"""


def test_the_mapper_is_there_before_the_thread_begins():
    """Regression: an event was told while the thread imported the mapper, and the run failed."""
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[True]"
