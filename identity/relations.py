"""Names of the warehouse relations identity reads.

Put here: what is read, and the stand-in for what may be missing.
Keep out: what is written (tables.py).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Relations:
    """`schema.name` of each input; `accounts`, `datasets` and `run` may be missing in the warehouse."""

    persons: str = "std.std_persons"
    identifiers: str = "std.std_identifiers"
    interactions: str = "std.std_interactions"
    accounts: str = "std.std_accounts"
    datasets: str = "control.datasets"  # survivorship_rank
    run: str = "control.run"  # country
