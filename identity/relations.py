"""Names of the warehouse relations identity reads.

Put here: what is read, and the stand-in for what may be missing.
Keep out: what is written (tables.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from identity.engine import Engine
from identity.sql import key_of


@dataclass(frozen=True)
class Relations:
    """`schema.name` of each input; `accounts`, `datasets` and `run` may be missing in the warehouse."""

    persons: str = "std.std_persons"
    identifiers: str = "std.std_identifiers"
    interactions: str = "std.std_interactions"
    accounts: str = "std.std_accounts"
    datasets: str = "control.datasets"  # survivorship_rank
    run: str = "control.run"  # country


def restrict(engine: Engine, relations: Relations, subjects: str, key: str) -> Relations:
    """Copies of the persons and identifiers of a few subjects, given by key."""
    for name in ("persons", "identifiers"):
        engine.store(
            f"ir_{name}_of_{subjects}",
            engine.few(getattr(relations, name), f"{key_of('subject_id')} in (select {key} from {subjects})"),
        )
    return replace(relations, persons=f"ir_persons_of_{subjects}", identifiers=f"ir_identifiers_of_{subjects}")
