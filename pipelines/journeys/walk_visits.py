"""What a stage visit says once every interaction has its place: its number, its neighbours, how and when it was left.

Put here: facts that follow from the walk. Keep out: the walk itself (walk.py), sums of interactions (dbt).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from pipelines.journeys.walk_rules import NEVER, SECOND, RuleTable

REASONS = ("next_stage", "terminal", "exit", "restarted", "excluded", "inactivity", "max_wait", "max_duration")
NEXT_STAGE, TERMINAL, EXIT, RESTARTED, EXCLUDED, INACTIVITY, MAX_WAIT, MAX_DURATION = range(1, len(REASONS) + 1)
HALF_HOUR = 1_800 * SECOND
VISIT_TYPES = {
    **{"active_s": pa.int64(), "visit_seq": pa.int32(), "visit_no": pa.int32(), "previous_stage_no": pa.int32()},
    **{"next_stage_no": pa.int32(), "left_by": pa.int32(), "left_at": pa.timestamp("us"), "path": pa.string()},
}


@dataclass(frozen=True)
class Walked:
    """The interactions of all sequences, one sequence after the other; one entry a row in every array."""

    sequence: np.ndarray  # as the rule table counts them
    first_row: np.ndarray  # index at which the row's sequence begins
    happened_at: np.ndarray
    row_no: np.ndarray
    instance_row: np.ndarray
    visit_row: np.ndarray
    stage_no: np.ndarray
    is_terminal: np.ndarray
    is_outside: np.ndarray
    deadline: np.ndarray  # of the row's instance once the row has been taken
    ends: np.ndarray  # the instance the row ends without belonging to it; 0: none
    ended_by: np.ndarray


def describe_visits(walked: Walked, table: RuleTable) -> dict[str, np.ndarray | pa.Array]:
    """The columns of VISIT_TYPES, one entry a row; all but active_s are null off the first row of a visit, and path off
    the first row of an instance."""
    inside = np.flatnonzero(walked.visit_row)
    visit = walked.first_row[inside] + walked.visit_row[inside] - 1
    order = np.argsort(visit, kind="stable")  # instances in parallel take turns
    rows, visit = inside[order], visit[order]
    begins = np.diff(visit, prepend=-1) != 0
    active = np.zeros(len(walked.row_no), dtype=np.int64)
    gap = np.diff(walked.happened_at[rows], prepend=0)
    seconds = np.diff(walked.happened_at[rows] // SECOND, prepend=0)
    active[rows] = np.where(~begins & (gap <= HALF_HOUR), seconds, 0)

    first, last = rows[begins], rows[np.append(begins[1:], True)] if len(rows) else rows
    instance = walked.first_row[first] + walked.instance_row[first] - 1
    order = np.argsort(instance, kind="stable")
    first, last, instance = first[order], last[order], instance[order]
    stage = walked.stage_no[first]
    is_start = np.diff(instance, prepend=-1) != 0
    is_end = np.append(is_start[1:], True) if len(first) else is_start
    left_by, left_at = _ends(walked, table, first, last, instance)
    left_by[~is_end], left_at[~is_end] = NEXT_STAGE, np.append(walked.happened_at[first[1:]], 0)[: len(first)][~is_end]
    visits = {
        "visit_seq": _count_within(is_start),
        "visit_no": _number_alike(instance, stage),
        "previous_stage_no": np.where(is_start, 0, np.roll(stage, 1)),
        "next_stage_no": np.where(is_end, 0, np.roll(stage, -1)),
        "left_by": left_by,
        "left_at": left_at,
    }
    is_null = np.ones(len(active), dtype=bool)
    is_null[first] = False
    no_end = is_null.copy()
    no_end[first[left_by == 0]] = True
    columns: dict[str, np.ndarray | pa.Array] = {"active_s": active}
    for name, values in visits.items():
        spread = np.zeros(len(active), dtype=np.int64)
        spread[first] = values
        columns[name] = pa.array(
            spread.astype(VISIT_TYPES[name].to_pandas_dtype()), mask=no_end if name.startswith("left") else is_null
        )
    columns["path"] = _spread_paths(walked, table, first[is_start], stage, np.flatnonzero(is_start))
    return columns


def _spread_paths(walked: Walked, table: RuleTable, first, stage, start) -> pa.Array:
    """The stage ids of each instance joined by `>`, on its first row. Told once for each distinct path.

    Args:
        first: the first row of each instance; start: the place of its first visit in `stage`.
    """
    # an instance as bytes, told apart by Arrow: which rules, then its stages
    head = 2 * np.arange(len(start))
    offsets = np.append(start + head, len(stage) + 2 * len(start)).astype(np.int32)
    text = np.zeros(offsets[-1], dtype=np.uint8)
    text[np.arange(len(stage)) + 2 * np.repeat(np.arange(1, len(start) + 1), np.diff(np.append(start, len(stage))))] = (
        stage
    )
    which = table.which[walked.sequence[first]]
    text[start + head], text[start + head + 1] = which & 255, which >> 8
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(text)]
    paths = pa.Array.from_buffers(pa.binary(), len(start), buffers).dictionary_encode()
    told = (
        ">".join(table.stages[path[0] | path[1] << 8][number - 1] for number in path[2:])
        for path in paths.dictionary.to_pylist()
    )
    place = np.zeros(len(walked.row_no), dtype=np.int32)
    place[first] = paths.indices.to_numpy() + 1
    return pa.array([None, *told], pa.string()).take(pa.array(place))


def _ends(walked: Walked, table: RuleTable, first, last, instance) -> tuple[np.ndarray, np.ndarray]:
    """How and when each visit was left, were it the last of its instance; 0 where nothing ends it."""
    acting = np.flatnonzero(walked.ends)
    ended = walked.first_row[acting] + walked.ends[acting] - 1
    by, at = np.zeros((2, len(walked.row_no)), dtype=np.int64)
    by[ended], at[ended] = walked.ended_by[acting], walked.happened_at[acting]
    left_by, left_at = by[instance], at[instance]

    terminal = walked.is_terminal[last] & (left_by == 0)
    left_by[terminal], left_at[terminal] = TERMINAL, walked.happened_at[last[terminal]]

    over = (left_by == 0) & (walked.deadline[last] < NEVER // 2)
    sequence, due = walked.sequence[last], walked.deadline[last]
    waited = walked.happened_at[first] + table.max_wait(sequence, walked.stage_no[first])
    reason = np.where(due == waited, MAX_WAIT, MAX_DURATION)
    reason = np.where(due == walked.happened_at[last] + table.inactivity[sequence], INACTIVITY, reason)
    left_by[over], left_at[over] = reason[over], due[over]
    return left_by, left_at


def _count_within(is_start: np.ndarray) -> np.ndarray:
    """1, 2, 3 … from each start on."""
    place = np.arange(len(is_start))
    return place - np.maximum.accumulate(np.where(is_start, place, 0)) + 1


def _number_alike(instance: np.ndarray, stage: np.ndarray) -> np.ndarray:
    """Which visit of its stage in its instance each is."""
    alike = instance << 6 | stage
    order = np.argsort(alike, kind="stable")
    number = np.empty(len(alike), dtype=np.int64)
    number[order] = _count_within(np.diff(alike[order], prepend=-1) != 0)
    return number
