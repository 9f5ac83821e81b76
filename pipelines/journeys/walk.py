"""The machine that walks journeys: which instance and stage visit every interaction belongs to, and how visits end.

Put here: what happens at one interaction. Keep out: what a visit then says (walk_spans.py), who matches which stage and
in which order interactions come (dbt), rule tables (compile.py).
All sequences of a call go in lockstep: step k takes the k-th interaction of each that has one. A lane is what can hold
one open instance: a sequence, or one correlation key of a sequence whose instances run in parallel.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.journeys.walk_rules import NEVER, Rules, RuleTable, read_rules, stage_number
from pipelines.journeys.walk_spans import EXCLUDED, EXIT, RESTARTED, SPANS, Walked, describe_spans

ENTRY, EXITS = 1, 2  # bits of an interaction's roles; walk_spans.py reads further ones
READ = ("occurred_at", "candidates", "roles", "exclusions")


def walk_journeys(rows: pa.Table, rules: Mapping[int, str]) -> pa.Table:
    """Walk journeys with customers or accounts; each pair of a journey version and one of these is a sequence.

    Args:
        rows: what may concern a journey, one sequence after the other, each in order:
            entity_id, interaction_id: uuid; journey_no; occurred_at: timestamp; candidates: set of stages;
            roles: ENTRY | EXITS | what walk_spans.py reads; exclusions: set of exclusion numbers; correlation_key:
            text, only read where instances run in parallel; account_key; channel_set; value_cents, cost_cents.
        rules: the JSON of `control.journeys.rules` by journey_no.
    Returns:
        a row per stage visit and per instance, and one per sequence for its interactions of no instance: SPANS of
        walk_spans.py.
    """
    if not rows.num_rows:
        return pa.Table.from_batches([], SPANS)
    rows = rows.combine_chunks()
    first = find_sequences(rows)
    journeys, which = np.unique(rows["journey_no"].to_numpy()[first], return_inverse=True)
    walk = _Walk(
        [read_rules(rules[number]) for number in journeys.tolist()],
        which,
        np.diff(first, append=rows.num_rows),
        {name: pc.cast(rows[name], pa.int64()).to_numpy() for name in READ},
    )
    if walk.table.is_parallel.any():
        walk.split_lanes(rows["correlation_key"].combine_chunks())
    return describe_spans(walk.run(), walk.table, rows)


def find_sequences(rows: pa.Table) -> np.ndarray:
    """The first row of every sequence; `rows` in one chunk."""
    return np.flatnonzero(_changes(rows["entity_id"]) | _changes(rows["journey_no"]))


def _changes(column: pa.ChunkedArray) -> np.ndarray:
    """Where a column differs from the row before; true of the first row."""
    array = column.chunk(0)
    array = array.storage if isinstance(array, pa.ExtensionArray) else array
    return np.concatenate(([True], pc.not_equal(array[1:], array[:-1]).to_numpy(zero_copy_only=False)))


class _Walk:
    """The state of every lane, and what has been found out about every row; rows are kept step after step."""

    def __init__(self, rules: list[Rules], which: np.ndarray, lengths: np.ndarray, columns: dict[str, np.ndarray]):
        by_length = np.argsort(-lengths, kind="stable")  # so that the sequences of a step are the first ones
        self.table = table = RuleTable(rules, which[by_length])
        longest = int(lengths.max(initial=0))
        alive = np.searchsorted(-lengths[by_length], -np.arange(1, longest + 1), side="right")
        self.steps = np.concatenate(([0], np.cumsum(alive)))
        step = np.repeat(np.arange(longest), alive)
        self.sequence = np.arange(len(step)) - self.steps[step]  # the longest is 0
        self.first_row = (np.cumsum(lengths) - lengths)[by_length][self.sequence]
        self.row = self.first_row + step  # place among the rows as given
        self.row_no = step + 1
        self.at = columns["occurred_at"][self.row]
        self.exclusions = columns["exclusions"][self.row] if columns["exclusions"].any() else None
        roles = columns["roles"][self.row]
        self.is_exit = (roles & EXITS) != 0
        stages = columns["candidates"][self.row]
        ending = stages & table.terminal[self.sequence]
        self.candidates = np.where(ending != 0, ending, stages)
        self.is_terminal = ending != 0
        self.is_journey = (stages != 0) & ~self.is_exit  # an exit is nothing else, also with nothing open
        self.is_entry = self.is_journey & ((roles & ENTRY) != 0)
        self.lane: np.ndarray | None = None  # None: the n-th sequence has the n-th
        self.lanes = len(lengths)

    def split_lanes(self, correlation_key: pa.Array) -> None:
        """A lane for every key of the sequences that run in parallel; what has no key there finds its lane in time."""
        encoded = correlation_key.dictionary_encode().indices
        key = encoded.fill_null(-1).to_numpy()[self.row].astype(np.int64)
        is_parallel = self.table.is_parallel[self.sequence]
        key = np.where(is_parallel, key, 0)
        self.is_entry &= key >= 0
        pairs, lane = np.unique(self.sequence[key >= 0] << 32 | key[key >= 0], return_inverse=True)
        self.lane = np.full(len(key), -1)
        self.lane[key >= 0] = lane
        self.first_lane = np.searchsorted(pairs >> 32, np.arange(self.lanes))
        self.lane_count = np.bincount(pairs >> 32, minlength=self.lanes)
        self.lanes = len(pairs)

    def run(self) -> Walked:
        """Take every step; what was found, in the order of the rows as given."""
        rows, nowhere = len(self.at), self.lanes  # the lane after the last holds what concerns no instance
        self.is_open = np.zeros(nowhere + 1, dtype=bool)
        self.stage, self.visited, self.started, self.entered = np.zeros((4, nowhere + 1), dtype=np.int64)
        self.instance, self.visit = np.zeros((2, nowhere + 1), dtype=np.int32)
        self.deadline = np.zeros(nowhere + 1, dtype=np.int64)
        self.ended = np.full(nowhere + 1, -2 * NEVER)
        self.found = {name: np.zeros(rows, dtype=np.int32) for name in ("instance", "visit", "ends")}
        self.found |= {name: np.zeros(rows, dtype=np.int64) for name in ("stage", "deadline")}
        self.found["ended_by"] = np.zeros(rows, dtype=np.int8)
        self.found["is_outside"] = np.zeros(rows, dtype=bool)
        for row_no, (begin, end) in enumerate(pairwise(self.steps), start=1):
            now, sequence = slice(begin, end), slice(0, end - begin)
            self._step(row_no, now, sequence, sequence if self.lane is None else self._find_lanes(now, nowhere))
        given = np.empty(rows, dtype=np.int64)
        given[self.row] = np.arange(rows)
        found = {name: values[given] for name, values in self.found.items()}
        return Walked(
            sequence=self.sequence[given],
            first_row=self.first_row[given],
            happened_at=self.at[given],
            row_no=self.row_no[given],
            instance_row=found["instance"],
            visit_row=found["visit"],
            stage_no=stage_number(found["stage"]),
            is_terminal=self.is_terminal[given],
            is_outside=found["is_outside"],
            deadline=found["deadline"],
            ends=found["ends"],
            ended_by=found["ended_by"],
        )

    def _find_lanes(self, now: slice, nowhere: int) -> np.ndarray:
        """Lanes of the rows of a step; one without a key concerns the only open instance, if exactly one is open."""
        lane = self.lane[now]
        loose = np.flatnonzero(lane < 0)
        if not len(loose):
            return lane
        lane = lane.copy()
        count = self.lane_count[loose]
        which = np.repeat(np.arange(len(loose)), count)
        possible = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        possible += np.repeat(self.first_lane[loose], count)
        is_open = self.is_open[possible] & (self.at[now][loose][which] <= self.deadline[possible])
        which, possible = which[is_open], possible[is_open]
        lane[loose] = nowhere
        only = np.bincount(which, minlength=len(loose))[which] == 1
        lane[loose[which[only]]] = possible[only]
        return lane

    def _step(self, row_no: int, now: slice, sequence: slice, lane: slice | np.ndarray) -> None:
        """One interaction of every sequence that has so many. `lane`: where the state of each is."""
        table, found = self.table, self.found
        at, is_journey, is_entry = self.at[now], self.is_journey[now], self.is_entry[now]
        was_open = self.is_open[lane] & (at <= self.deadline[lane])
        void = was_open & self._is_excluded(now, sequence, lane)
        leaves = was_open & self.is_exit[now] & ~void
        restarts = was_open & is_entry & ~void & table.is_restarting[sequence]
        ends = void | leaves | restarts
        opens = is_entry & ~void & (~was_open | restarts)
        if table.has_rest:
            opens &= at >= self.ended[lane] + table.rest[sequence]
        inside = opens | (was_open & is_journey & ~ends)

        current = np.where(opens, 0, self.stage[lane])
        stage = np.where(inside, _choose(self.candidates[now], current), current)
        enters = inside & (stage != current)
        before = self.instance[lane]
        if ends.any():
            found["ends"][now] = np.where(ends, before, 0)
            found["ended_by"][now] = np.select([void, leaves, restarts], [EXCLUDED, EXIT, RESTARTED])
        instance, visit = np.where(opens, row_no, before), np.where(enters, row_no, self.visit[lane])
        deadline = at + table.inactivity[sequence]
        if table.has_max_wait:
            self.entered[lane] = entered = np.where(enters, at, self.entered[lane])
            deadline = np.minimum(deadline, entered + table.max_wait(sequence, stage_number(stage)))
        if table.has_max_duration:
            self.started[lane] = started = np.where(opens, at, self.started[lane])
            deadline = np.minimum(deadline, started + table.max_duration[sequence])
        deadline = np.where(inside, deadline, self.deadline[lane])

        if table.has_rest:
            self.ended[lane] = np.where(inside | ends, at, self.ended[lane])
        if table.exclusions:
            self.visited[lane] = np.where(opens, 0, self.visited[lane]) | np.where(inside, stage, 0)
        self.is_open[lane] = inside & ~self.is_terminal[now] | self.is_open[lane] & ~inside & ~ends
        self.stage[lane], self.deadline[lane] = stage, deadline
        self.instance[lane], self.visit[lane] = instance, visit
        found["instance"][now], found["visit"][now] = np.where(inside, instance, 0), np.where(inside, visit, 0)
        found["stage"][now], found["deadline"][now] = np.where(inside, stage, 0), deadline
        found["is_outside"][now] = is_journey & ~inside & ~void

    def _is_excluded(self, now: slice, sequence: slice, lane: slice | np.ndarray) -> np.ndarray:
        """Whether an exclusion that the interaction matches holds between its two stages."""
        excluded = np.zeros(now.stop - now.start, dtype=bool)
        if self.exclusions is None:
            return excluded
        matches, visited = self.exclusions[now], self.visited[lane]
        for place, (after, before) in enumerate(self.table.exclusions):
            after, before = after[sequence], before[sequence]
            holds = ((after == 0) | (visited & after != 0)) & (visited & before == 0)
            excluded |= holds & (matches & (1 << place) != 0)
        return excluded


def _choose(candidates: np.ndarray, current: np.ndarray) -> np.ndarray:
    """The current stage where it matches; else the first declared after it; else the first declared."""
    if not (candidates & (candidates - 1)).any():
        return candidates
    above = candidates & -(current << 1)
    first = np.where(above != 0, above, candidates)
    return np.where(candidates & current != 0, current, first & -first)
