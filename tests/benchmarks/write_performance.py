"""docs/performance.md out of what benchmarks left in .bench/: figures, machine and date.

`python -m tests.benchmarks.write_performance`

Put here: the page. Keep out: measuring.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.benchmarks.report import FOLDER, MACHINE

PAGE = FOLDER.parent / "docs" / "performance.md"
TITLES = {
    "pipeline": "The whole pipeline (`python -m tests.benchmarks.pipeline`, `start`, `inbox`)",
    "journeys": "Journeys alone (`python -m tests.benchmarks.journeys`)",
    "identity": "Identity alone, beside Splink and scipy (`python -m tests.benchmarks.identity`)",
}
GOALS = {
    "pipeline_10m_ratio": "≤ 8",
    "pipeline_10m_probabilistic_ratio": "≤ 14",
    "pipeline_10m_peak_gb": "≤ 4",
    "pipeline_21m_ratio": "≤ 8",
    "pipeline_slope": "≤ 1.15",
    "incremental_1pct_share": "≤ 0.12",
    "nothing_new_s": "≤ 10",
    "inbox_p95_s": "≤ 60",
    "definitions_load_ratio": "≤ 1.5",
}
HEAD = """# Performance

Written by `python -m tests.benchmarks.write_performance` from `.bench/*.json`; `make bench` measures and writes all.
The unit S is one DuckDB sort of as many interactions by person and time into Parquet, with two threads and 4 GB, in
the same run (`tests/benchmarks/unit.py`): ratios may be compared between machines, seconds only on one.

Of the pipeline, `<size>` is the number of interactions. `_ratio` is everything from an empty home to what is
published, start-up included, people matched by rules alone; `_probabilistic_ratio` the same with the model and its
training. `_peak_gb` is the most all processes held together. `_<step>_ratio` is a step of the run by rules, `_1pct_s` a
run after one more event for every hundredth interaction; `incremental_1pct_share` is that against the first run, both
less a run with nothing new. The exponent of a power law through the seconds is the slope: 1 is linear. The company has
ten interactions a person, so a million people at 10m; figures of `32each` are of the one measured before, with 32.
"""


def write_performance(folder: Path = FOLDER, page: Path = PAGE) -> int:
    """Write the page; returns how many figures are on it."""
    machines = _read(folder / MACHINE) if (folder / MACHINE).exists() else {}
    told, sections = 0, [HEAD]
    for name, title in TITLES.items():
        if (file := folder / f"{name}.json").exists():
            figures = _read(file)
            told += len(figures)
            sections.append(_section(title, machines.get(name), figures))
    page.write_text("\n".join(sections), encoding="utf-8")
    return told


def _section(title: str, measured: dict | None, figures: list[dict]) -> str:
    where = f"Measured last on {measured['date']}: {measured['machine']}.\n\n" if measured else ""
    rows = "".join(f"| `{f['name']}` | {f['value']:,} | {f['unit']} | {GOALS.get(f['name'], '')} |\n" for f in figures)
    return f"## {title}\n{where}| figure | value | unit | goal |\n|---|---:|---|---|\n{rows}"


def _read(file: Path) -> list | dict:
    return json.loads(file.read_text(encoding="utf-8"))


if __name__ == "__main__":
    print(f"{PAGE}: {write_performance()} figures")
