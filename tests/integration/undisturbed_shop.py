"""A corner shop before and after one run that nobody disturbed: what a run that was disturbed is held against.

Put here: the day the shop delivers, its home before and after. Keep out: disturbing it (test_survives_*.py).
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from compare_homes import AUDIT, FILES, MOMENTS, find_differences
from corner_shop_home import CornerShop, hash_files


@dataclass(frozen=True)
class Undisturbed:
    """A home before and after one run that nobody disturbed, and how long that took."""

    shop: CornerShop
    before: Path
    after: Path
    seconds: float

    def put_back(self) -> CornerShop:
        """The shop as it was before the run, all its files delivered. Its home may be a disk of its own."""
        for left in self.shop.home.iterdir() if self.shop.home.exists() else ():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        shutil.copytree(self.before, self.shop.home, symlinks=True, dirs_exist_ok=True)
        return self.shop

    def is_as_before(self) -> bool:
        """Whether readers get the file from before the run, byte for byte."""
        return hash_files(self.shop.home / "published", "*.duckdb") == hash_files(self.before / "published", "*.duckdb")

    def find_differences(self, *but: str) -> dict[str, tuple[int, int]]:
        """Table -> rows only in the undisturbed home, rows only in the shop's.

        Args:
            but: columns that are not compared, besides those that differ by nature.
        """
        return find_differences(self.after, self.shop.home, AUDIT | MOMENTS | set(but))

    def list_leftovers(self) -> list[str]:
        """Files of work that was not finished."""
        home, patterns = (
            self.shop.home,
            ("published/.*", "private/.*", "released/*/.*", "landing/.tmp-*", "tmp/*", "*.wal"),
        )
        return sorted(str(f.relative_to(home)) for pattern in patterns for f in home.glob(pattern))


def run_undisturbed(folder: Path) -> Undisturbed:
    """Two runs of the shop, one day apart."""
    shop, before, after = CornerShop(folder), folder / "before", folder / "after"
    assert shop.run().returncode == 0
    shutil.copytree(shop.home, before, symlinks=True)
    deliver(shop)
    started = time.monotonic()
    assert shop.run().returncode == 0
    seconds = time.monotonic() - started
    for file in FILES:
        (after / file).parent.mkdir(parents=True)
        shutil.copy(shop.home / file, after / file)
    return Undisturbed(shop, before, after, seconds)


def deliver(shop: CornerShop) -> None:
    """A day of everything, and a correction of the day before."""
    shop.put_orders("2026-01-06", [("O1", "C1"), ("O2", "C2"), ("O3", "C4")])
    shop.put_orders("2026-01-08", [("O4", "C4"), ("O5", "C1")])
    shop.put_views("2026-01-08", ["C2", "C5"])
    shop.put_customers("2026-01-08", ["C7"])
    shop.put_parcels("2026-01-08", ["C3"])
