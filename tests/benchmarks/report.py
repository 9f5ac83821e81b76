"""How every benchmark tells its figures: a table, and .bench/<name>.json.

Put here: the shape of a figure. Keep out: measuring.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".bench"


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
