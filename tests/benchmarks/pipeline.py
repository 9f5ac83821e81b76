"""The whole pipeline on the demo company, beside one sort of its interactions (the unit S) in the same run.

`python -m tests.benchmarks.pipeline [--people 5000 100000]`; 32 interactions a person.

Put here: whole runs. Keep out: single steps (a module each), assertions.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from tests.benchmarks.report import Figure, report
from tests.benchmarks.unit import measure_sort

C360 = Path(sys.executable).parent / "c360"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, nargs="+", default=[5_000])
    figures = []
    for people in parser.parse_args().people:
        with tempfile.TemporaryDirectory() as home:
            figures += measure(people, Path(home))
    report("pipeline", figures)


def measure(people: int, home: Path) -> list[Figure]:
    """A first run over everything, and a run over nothing new."""
    first, gigabytes = _run([C360, "demo", "--home", home, "--people", str(people)])
    again, _ = _run([C360, "run", "--home", home], C360_DATA=str(home / "sources"))
    with duckdb.connect(str(home / "published" / "customer360.duckdb"), read_only=True) as published:
        rows = published.execute("select count(*) from marts.fct_interactions").fetchone()[0]
    unit = measure_sort(rows)
    name = f"demo_{rows // 1000}k"
    return [
        Figure(f"{name}_first_run_s", first, "s"),
        Figure(f"{name}_first_run_ratio", first / unit, "S"),
        Figure(f"{name}_nothing_new_s", again, "s"),
        Figure(f"{name}_peak_gb", gigabytes, "GB"),
        Figure(f"{name}_unit_s", unit, "s"),
    ]


def _run(command: list, **environ: str) -> tuple[float, float]:
    """Seconds, and the largest resident set of any process of the commands so far, in GB."""
    started = time.perf_counter()
    done = subprocess.run(
        [str(word) for word in command], env={**os.environ, **environ}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e6


if __name__ == "__main__":
    main()
