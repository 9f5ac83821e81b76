"""How every benchmark tells its figures: a table, .bench/<name>.json, and in .bench/machine.json where and when.

Put here: the shape of a figure. Keep out: measuring.
"""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".bench"
MACHINE = "machine.json"


@dataclass(frozen=True)
class Figure:
    name: str
    value: float
    unit: str


def report(name: str, figures: list[Figure]) -> None:
    """Print the figures and write them as a list of {name, value, unit} to .bench/<name>.json."""
    FOLDER.mkdir(exist_ok=True)
    rounded = [Figure(f.name, round(f.value, 4), f.unit) for f in figures]
    for figure in rounded:
        print(f"{figure.name:<36}{figure.value:>12} {figure.unit}")
    _write(name, [asdict(f) for f in rounded])


def update(name: str, figures: list[Figure]) -> None:
    """As `report`, keeping what other benchmarks wrote to the same file."""
    file = FOLDER / f"{name}.json"
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    report(name, figures)
    new = {f.name: asdict(Figure(f.name, round(f.value, 4), f.unit)) for f in figures}
    _write(name, [*(f for f in kept if f["name"] not in new), *new.values()])


def _write(name: str, figures: list[dict]) -> None:
    (FOLDER / f"{name}.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    file = FOLDER / MACHINE
    known = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    known[name] = {"machine": _describe_machine(), "date": f"{date.today()}"}
    file.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")


def _describe_machine() -> str:
    """Processors, memory, and what else was at work: what figures of another machine must be read against."""
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors, {gigabytes:.0f} GB, Python "
        f"{platform.python_version()}, DuckDB {version('duckdb')}; load of the last 15 minutes {os.getloadavg()[2]:.1f}"
    )
