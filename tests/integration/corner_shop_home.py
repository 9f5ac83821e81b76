"""The corner shop: six customers, three days, every figure countable by hand; its sources, its home and `c360` over it.

Put here: what the shop's files say and how tests run commands. Keep out: what is expected of a run (the tests).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import duckdb

SHOP = Path(__file__).parent / "corner_shop"
COMPANIES = Path(__file__).parents[2] / "companies"
C360 = Path(sys.executable).parent / "c360"


def run_c360(*arguments: object, **environ: object) -> subprocess.CompletedProcess[str]:
    """Run the command a user types, with `environ` added to the environment and no setting of the tests' own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("C360_", "DAGSTER_"))}
    return subprocess.run(
        [str(a) for a in (C360, *arguments)],
        env={**kept, **{name: str(value) for name, value in environ.items()}},
        capture_output=True,
        text=True,
    )


def hash_files(folder: Path, pattern: str = "**/*") -> dict[str, str]:
    """Path below `folder` -> md5 of the file."""
    files = (f for f in sorted(folder.glob(pattern)) if f.is_file())
    return {str(f.relative_to(folder)): hashlib.md5(f.read_bytes()).hexdigest() for f in files}


class CornerShop:
    """One shop in one folder: a company folder of its own, sources, and the home."""

    def __init__(self, folder: Path):
        self.company, self.sources, self.home = folder / "corner_shop", folder / "sources", folder / "home"
        shutil.copytree(SHOP, self.company)
        self.sources.mkdir()
        self.put_customers("2026-01-05", ["C1", "C2", "C3", "C4", "C5", "C6"])
        self.put_views("2026-01-05", ["C1", "C2", "C3", "C4", "C5", "C6"])
        self.put_orders("2026-01-06", [("O1", "C1"), ("O2", "C2"), ("O3", "C3")])
        self.put_parcels("2026-01-07", ["C1", "C2"])

    @property
    def published(self) -> Path:
        return self.home / "published" / "customer360.duckdb"

    def run(self, *options: object, **environ: object) -> subprocess.CompletedProcess[str]:
        return run_c360("run", *self.place, *options, C360_DATA=self.sources, **environ)

    @property
    def place(self) -> tuple[object, ...]:
        """The options that name the company and its home."""
        return "--company", self.company, "--home", self.home

    def ask(self, query: str, values: Iterable[object] = ()) -> list[tuple]:
        """Rows of the published file."""
        with duckdb.connect(str(self.published), read_only=True) as con:
            return con.execute(query, list(values)).fetchall()

    def alerts(self) -> list[dict]:
        """What owners were told, message by message; with nothing set up it is all in one file."""
        file = self.home / "alerts.jsonl"
        return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []

    def stale(self) -> list[str]:
        return [name for (name,) in self.ask("select dataset from governance.contracts where is_stale order by 1")]

    def outcomes(self) -> dict[str, int]:
        return dict(self.ask("select outcome, count(*) from marts.fct_journeys group by 1"))

    def put(self, name: str, content: str | bytes) -> Path:
        file = self.sources / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def put_customers(self, day: str, numbers: Iterable[str]) -> Path:
        """A customer's mailbox is the number at shop.example."""
        rows = [f"{n},Ada,Lovelace{n},{n.lower()}@shop.example" for n in numbers]
        return self.put(f"customers_{day}.csv", _lines("number,first,last,email", rows))

    def put_views(self, day: str, customers: Iterable[str]) -> Path:
        """Each customer looks once, at nine in the morning UTC."""
        rows = [json.dumps({"id": f"{day}-{c}", "at": f"{day}T09:00:00Z", "customer": c}) for c in customers]
        return self.put(f"views_{day}.jsonl.gz", gzip.compress("\n".join([*rows, ""]).encode(), mtime=0))

    def put_orders(self, day: str, orders: Iterable[tuple[str, str]], name: str = "orders") -> Path:
        """(order number, customer): ten euros each, at noon in Berlin."""
        rows = [f"{order},{customer},{day} 12:00,10.00" for order, customer in orders]
        return self.put(f"{name}_{day}.csv", _lines("order_no,customer_no,ordered_at,amount", rows))

    def put_parcels(self, day: str, customers: Iterable[str], at: str = "17:00") -> Path:
        """Each customer collects one parcel; `at` empty: the row is broken."""
        rows = [f"P{day}-{c},{c},{f'{day} {at}' if at else ''}" for c in customers]
        return self.put(f"parcels_{day}.csv", _lines("parcel_no,customer_no,collected_at", rows))


def _lines(*parts: str | list[str]) -> str:
    header, rows = parts
    return "\n".join([header, *rows, ""])
