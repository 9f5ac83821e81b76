"""The whole pipeline on the demo company, and each of its steps, in units of one sort of its interactions (S).

`python -m tests.benchmarks.pipeline [--people 100000 1000000 2140000]`: 1, 10 and 21.4 million interactions.

Put here: whole runs. Keep out: single steps by themselves (a module each), assertions.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import duckdb
import numpy as np
import yaml

from pipelines.simulator.simulate import FIRST_DAY, simulate
from tests.benchmarks.process_tree import Spent, spend
from tests.benchmarks.report import Figure, update
from tests.benchmarks.unit import measure_sort

C360 = Path(sys.executable).parent / "c360"
DEMO = Path(__file__).resolve().parents[2] / "companies" / "demo"
SIZES = [100_000, 1_000_000, 2_140_000]
PER_PERSON = 10
DAYS = 28
LATER = """
    -- one in a hundred events of the web site once more, as of the day after the last
    copy (
        select json_merge_patch(line, json_object(
            'ts', strftime(timestamp '{day}' + interval (hash(line) % 86400) second, '%Y-%m-%dT%H:%M:%SZ'),
            'event', json_object('id', 'later-' || row_number() over ())
        ))::varchar as line
        from read_csv('{web}/*.jsonl.gz', columns = {{'line': 'VARCHAR'}}, delim = '\\x1f', quote = '', escape = '',
            header = false, auto_detect = false, ignore_errors = true)
        where json_valid(line) using sample reservoir({rows} rows) repeatable (1)
    ) to '{target}' (format csv, delimiter '\\x1f', quote '', escape '', header false, compression gzip)"""


class Company:
    """The demo company in a folder of its own over given sources; `has_model`: people are matched by a model, too."""

    def __init__(self, folder: Path, sources: Path, has_model: bool):
        self.folder, self.home, self.sources = folder / "demo", folder / "home", sources
        shutil.copytree(DEMO, self.folder)
        identity = self.folder / "identity.yml"
        said = yaml.safe_load(identity.read_text(encoding="utf-8"))
        said["model"] = {**said.get("model", {}), "enabled": has_model}
        identity.write_text(yaml.safe_dump(said), encoding="utf-8")

    def run(self) -> Spent:
        """`c360 run`, from start to end."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("C360_", "DAGSTER_"))}
        return spend(
            [C360, "run", "--company", self.folder, "--home", self.home], kept | {"C360_DATA": f"{self.sources}"}
        )

    def count_interactions(self) -> int:
        with duckdb.connect(str(self.home / "published" / "customer360.duckdb"), read_only=True) as published:
            return published.execute("select count(*) from marts.fct_interactions").fetchall()[0][0]

    def read_steps(self) -> dict[str, float]:
        """Seconds of the parts of all runs so far; what a run took besides its steps is in none."""
        os.environ["DAGSTER_HOME"] = str(self.home / "dagster")
        import dagster as dg

        from pipelines.run_log import step_rows

        spent: dict[str, float] = defaultdict(float)
        with dg.DagsterInstance.get() as instance:
            for run in instance.get_runs():
                for row in step_rows(instance, run.run_id):
                    is_fact = row["asset"].startswith(("marts/fct_", "int/"))
                    spent["facts" if is_fact else row["part"]] += row["seconds"] or 0
        return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, nargs="+", default=SIZES)
    sizes, figures = {}, []
    for people in parser.parse_args().people:
        with tempfile.TemporaryDirectory() as folder:
            rows, seconds, found = measure(people, Path(folder))
        sizes[rows] = seconds
        figures += found
        update("pipeline", found)
    if len(sizes) > 1:
        slope = np.polyfit(np.log(list(sizes)), np.log(list(sizes.values())), 1)[0]
        update("pipeline", [Figure("pipeline_slope", slope, "power of interactions")])


def measure(people: int, folder: Path) -> tuple[int, float, list[Figure]]:
    """Of one size: interactions, seconds of the first run by rules, and all figures."""
    sources = folder / "sources"
    simulate(sources, folder / "truth", people, 7, DAYS, PER_PERSON)
    by_rules, by_model = (Company(folder / name, sources, name == "model") for name in ("rules", "model"))
    first = by_rules.run()
    rows, steps = by_rules.count_interactions(), by_rules.read_steps()
    unit = measure_sort(rows)
    matched = by_model.run()
    shutil.rmtree(by_model.home)
    nothing = by_rules.run()
    _arrive(sources, rows // 100)
    again = by_rules.run()
    share = (again.seconds - nothing.seconds) / (first.seconds - nothing.seconds)
    size = f"pipeline_{rows / 1e6:.0f}m" if rows >= 1e6 else f"pipeline_{rows // 1000}k"
    parts = [Figure(f"{size}_{part}_ratio", seconds / unit, "S") for part, seconds in sorted(steps.items())]
    return (
        rows,
        first.seconds,
        [
            Figure(f"{size}_s", first.seconds, "s"),
            Figure(f"{size}_ratio", first.seconds / unit, "S"),
            Figure(f"{size}_probabilistic_ratio", matched.seconds / unit, "S"),
            Figure(f"{size}_peak_gb", max(first.peak_gb, matched.peak_gb), "GB"),
            *parts,
            Figure(f"{size}_nothing_new_s", nothing.seconds, "s"),
            Figure(f"{size}_1pct_s", again.seconds, "s"),
            Figure("incremental_1pct_share", share, "of a full run"),  # of the largest size that was measured last
            Figure(f"{size}_interactions", rows, ""),
            Figure(f"{size}_unit_s", unit, "s"),
        ],
    )


def _arrive(sources: Path, rows: int) -> None:
    """A day's file of so many events, of customers drawn at random."""
    day, web = FIRST_DAY + timedelta(days=DAYS), sources / "web"
    target = web / f"web_{day:%Y-%m-%d}.jsonl.gz"
    with duckdb.connect() as connection:
        connection.execute(LATER.format(day=day, web=web, rows=rows, target=target))


if __name__ == "__main__":
    main()
