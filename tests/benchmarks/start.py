"""What there is to wait for before any work: loading the definitions, and a run with nothing new.

`python -m tests.benchmarks.start [--people 2000] [--home <a home of c360 demo>]`

Put here: start-up. Keep out: runs that do something (pipeline.py), assertions.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.report import Figure, update

BIN = Path(sys.executable).parent
TIMES = 5
BARE = "import dagster, dagster_dbt"
LOADED = "from pipelines.definitions import defs; defs().get_repository_def()"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--home", type=Path, help="a home of `c360 demo`; default: one of its own")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = asked.home or Path(folder) / "home"
        if not asked.home:
            subprocess.run([BIN / "c360", "demo", "--home", home, "--people", str(asked.people)], check=True)
        update("pipeline", measure(home))


def measure(home: Path) -> list[Figure]:
    """Medians; definitions and bare import in turns, in seconds of CPU, which do not depend on who else is at work."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("C360_")}
    environ |= {"C360_HOME": str(home), "DAGSTER_HOME": str(home / "dagster")}
    run, spent = [BIN / "c360", "run", "--home", home], {BARE: [], LOADED: []}
    _spend(run, environ)  # lands what came since the last one, and builds it
    for _ in range(TIMES):
        for code, seconds in spent.items():
            seconds.append(_spend([sys.executable, "-c", code], environ)[1])
    bare, loaded = (statistics.median(seconds) for seconds in spent.values())
    nothing_new = [_spend(run, environ) for _ in range(3)]
    return [
        Figure("definitions_load_s", loaded, "s"),
        Figure("definitions_load_ratio", loaded / bare, ""),
        Figure("nothing_new_s", statistics.median(wall for wall, _ in nothing_new), "s"),
        Figure("nothing_new_cpu_s", statistics.median(cpu for _, cpu in nothing_new), "s"),
    ]


def _spend(command: list, environ: dict[str, str]) -> tuple[float, float]:
    """Seconds by the clock, and of CPU."""
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([str(word) for word in command], env=environ, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - started, cpu


if __name__ == "__main__":
    main()
