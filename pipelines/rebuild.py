"""`python -m pipelines.rebuild`: build what has landed in the home of the environment, and nothing else.

Put here: how the restore drill starts a build in a process and a Dagster of its own. Keep out: work (run.py).
"""

from __future__ import annotations

import sys

from pipelines.run import rebuild_pipeline
from pipelines.settings import Settings

if __name__ == "__main__":
    failures = rebuild_pipeline(Settings.from_env(), say=lambda line: None).failures
    sys.stdout.write("\n".join(failures))
    sys.exit(1 if failures else 0)
