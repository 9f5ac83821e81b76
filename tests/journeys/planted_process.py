"""Random maps with known chances, and customers who walk them, with noise.

Put here: what is planted. Keep out: what should be found of it (test_discover.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

END = -1
FOREIGN = 3  # touchpoints that belong to no stage


@dataclass(frozen=True)
class Process:
    """Stages 0..n-1, called t_0, t_1 …; every case begins in the first."""

    moves: np.ndarray  # chance of each move
    drop: float  # chance that a case just ends, in any stage but the last ones
    terminal: frozenset[int]

    @property
    def edges(self) -> set[tuple[str, str]]:
        return {(f"t_{a}", f"t_{b}") for a, b in zip(*np.nonzero(self.moves), strict=True)}


def draw_process(rng: np.random.Generator) -> Process:
    """A way from the first stage to the last, a second end, short cuts and ways back; no chance below 13 %."""
    count = int(rng.integers(4, 9))
    terminal = frozenset({count - 1, count - 2} if count > 5 and rng.random() < 0.5 else {count - 1})
    moves = np.zeros((count, count))
    for stage in range(count - len(terminal)):
        moves[stage, stage + 1] = 1
    if len(terminal) == 2:
        moves[count - 3, count - 1] = 0.5
    for start, end in rng.integers(0, count, (int(rng.integers(1, 4)), 2)):
        if start != end and start not in terminal and np.count_nonzero(moves[start]) < 3:
            moves[start, end] = max(moves[start, end], rng.uniform(0.3, 0.6))
    sums = moves.sum(axis=1, keepdims=True)
    return Process(np.divide(moves, sums, out=np.zeros_like(moves), where=sums > 0), 0.05, terminal)


def walk(rng: np.random.Generator, process: Process, cases: int, noise: float) -> pa.Table:
    """One to three cases a customer, weeks apart, with hours between their events.

    Args:
        noise: share of events before which something else happens, of the map or foreign; half of it gets lost.
    """
    stage, rows = np.zeros(cases, dtype=int), []
    for step in range(40):
        rows.append((np.flatnonzero(stage != END), step, stage[stage != END]))
        chances = np.cumsum(process.moves, axis=1)[stage]
        following = (rng.random(cases)[:, None] >= chances).sum(axis=1)
        is_over = (stage == END) | np.isin(stage, list(process.terminal)) | (rng.random(cases) < process.drop)
        stage = np.where(is_over, END, np.minimum(following, len(process.moves) - 1))
        if (stage == END).all():
            break
    case = np.concatenate([row[0] for row in rows])
    place = np.concatenate([np.full(len(row[0]), float(row[1])) for row in rows])
    touchpoint = np.concatenate([row[2] for row in rows])
    is_lost = rng.random(len(case)) < noise / 2
    added = np.flatnonzero(rng.random(len(case)) < noise)
    case = np.concatenate([case[~is_lost], case[added]])
    place = np.concatenate([place[~is_lost], place[added] - 0.5])
    other = rng.integers(0, len(process.moves) + FOREIGN, len(added))
    touchpoint = np.concatenate([touchpoint[~is_lost], other])
    per_customer = 3
    hours = place * 12 + rng.uniform(0, 4, len(case))
    days = (case % per_customer) * 120
    microseconds = ((days * 24 + hours) * 3_600_000_000).astype("int64") + 1_767_225_600_000_000
    return pa.table(
        {
            "customer_id": [f"c_{c // per_customer}" for c in case],
            "interaction_id": np.arange(len(case)),
            "touchpoint": [f"t_{t}" for t in touchpoint],
            "occurred_at": pa.array(microseconds, pa.timestamp("us")),
            "priority": pa.array(np.ones(len(case)), pa.int32()),
            "sequence": pa.nulls(len(case), pa.int64()),
            "slot": pa.array(np.ones(len(case)), pa.int32()),
            "use_case": ["acquisition"] * len(case),
        }
    )
