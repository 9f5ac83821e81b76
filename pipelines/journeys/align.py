"""How far a walked path is from the map: the cheapest alignment, and the deviations it consists of.

Put here: cost, fitness and deviations of paths. Keep out: the map itself (net.py), instances and times (dbt models).
Paths are aligned side by side, one numpy step per place in the path: the longest path counts, not how many there are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.journeys.net import FAR, Net, read_net

CELLS = 2_000_000  # places × stages looked at at once: some 20 MB
KINDS = pa.array(["skipped", "missing", "loop", "backward", "unexpected"])
SKIPPED, MISSING, LOOP, BACKWARD, UNEXPECTED = range(5)
DEVIATION = pa.struct(
    {"deviation_no": pa.int32(), "kind": pa.string(), "stage_id": pa.string(), "visit_seq": pa.int32()}
)
ALIGNED = pa.struct({"cost": pa.int32(), "fitness": pa.float64(), "deviations": pa.list_(DEVIATION)})


def align_variants(nets: pa.Array, paths: pa.Array) -> pa.Array:
    """Align each path with its own net.

    Args:
        nets: JSON of a net per path, as `read_net` takes it.
        paths: ids of the stages visited, in order, joined by `>`.
    Returns:
        An ALIGNED per path. `cost` counts the deviations: a visit the map does not allow there, or a stage it
        demands, numbered along the path. fitness = 1 - cost / (visits + stages of the shortest complete walk).
        Both are null where no walk over the map is complete. Of equally cheap alignments the one that follows the
        customer longest is told, so the later of two visits deviates.
    Raises:
        ValueError: a path names a stage its net does not have.
    Source: Adriansyah 2014, "Aligning observed and modeled behavior", with unit costs.
    """
    encoded = pc.dictionary_encode(nets)
    places, parts = [], []
    for number, text in enumerate(encoded.dictionary.to_pylist()):
        rows = np.flatnonzero(encoded.indices.to_numpy(zero_copy_only=False) == number)
        places.append(rows)
        parts.append(align(read_net(text), paths.take(pa.array(rows))))
    if not parts:
        return pa.array([], ALIGNED)
    return pa.concat_arrays(parts).take(pa.array(np.argsort(np.concatenate(places))))


def align(net: Net, paths: pa.Array) -> pa.StructArray:
    """Align every path with one net; see `align_variants`."""
    visited = pc.split_pattern(paths, ">")
    stages = pc.index_in(visited.flatten(), pa.array(net.stages, pa.string()))
    if stages.null_count:
        raise ValueError(f"path: {stages.null_count} visits of stages the map does not have; allowed: {net.stages}")
    stages = stages.to_numpy(zero_copy_only=False).astype(np.int16) + 1
    lengths = pc.list_value_length(visited).to_numpy(zero_copy_only=False)
    starts = np.cumsum(lengths) - lengths
    costs, found = np.zeros(len(paths), dtype=np.int32), []
    for rows in _batches(lengths, len(net.stages)):
        width = int(lengths[rows[-1]])
        columns = np.arange(width) - (width - lengths[rows])[:, None]  # from the right, so that all end together
        is_visit = columns >= 0
        walked = np.where(is_visit, stages[np.where(is_visit, starts[rows, None] + columns, 0)], 0)
        costs[rows], is_joint, came_from, last = _cheapest(net, walked, is_visit)
        reached = costs[rows] < FAR
        told = _deviations(net, walked, is_visit & reached[:, None], is_joint, came_from, last, reached)
        row, position, kind, stage = told
        seq = np.minimum(position - (width - lengths[rows[row]]) + 1, lengths[rows[row]])
        found.append((rows[row], position, seq, kind, stage))
    return _table(net, lengths, costs, found)


def _batches(lengths: np.ndarray, stages: int) -> Iterator[np.ndarray]:
    """Paths of like length together, few enough that CELLS holds them."""
    order = np.argsort(lengths, kind="stable")
    while len(order):
        widths = lengths[order].astype(np.int64)
        count = max(1, int(np.searchsorted(np.arange(1, len(order) + 1) * widths * (stages + 1), CELLS, side="right")))
        yield order[:count]
        order = order[count:]


def _cheapest(net: Net, walked: np.ndarray, is_visit: np.ndarray) -> tuple[np.ndarray, ...]:
    """Costs; which visits move together with the map, and where it stood before; where it stood at last.

    From the last visit back: the cheapest way on from each place of the map. Then forward along it.
    """
    every, places = np.arange(len(walked)), net.end
    walks = net.walks[:places, :].T
    detours = np.where(walks < FAR, walks - 1, FAR)  # [to, from]: stages the map passes on the way
    rest = np.repeat(detours[None, net.end], len(walked), axis=0)
    follows = np.zeros((walked.shape[1], len(walked), places), dtype=bool)
    for position in reversed(range(walked.shape[1])):
        stage = walked[:, position]
        joint = detours[stage] + rest[every, stage][:, None]
        alone = rest + 1
        follows[position] = joint <= alone
        rest = np.where(is_visit[:, position, None], np.minimum(joint, alone), rest)
    place = np.zeros(len(walked), dtype=walked.dtype)
    is_joint, came_from = np.zeros_like(is_visit), np.zeros_like(walked)
    for position in range(walked.shape[1]):
        came_from[:, position] = place
        is_joint[:, position] = follows[position, every, place] & is_visit[:, position]
        place = np.where(is_joint[:, position], walked[:, position], place)
    return rest[:, 0], is_joint, came_from, place


def _deviations(
    net: Net,
    walked: np.ndarray,
    is_visit: np.ndarray,
    is_joint: np.ndarray,
    came_from: np.ndarray,
    last: np.ndarray,
    reached: np.ndarray,
) -> tuple[np.ndarray, ...]:
    """(row, position, kind, stage) of every deviation; one at the end has the position after the last."""
    row, position = np.nonzero(is_visit & ~is_joint)
    stage, before = walked[row, position], walked[row, position - 1]
    first = np.zeros(walked.size, dtype=bool)
    first[np.unique(np.arange(len(walked))[:, None] * np.int64(net.end) + walked, return_index=True)[1]] = True
    is_first = first.reshape(walked.shape)[row, position]
    kind = np.where(is_first, np.where((position > 0) & (stage < before), BACKWARD, UNEXPECTED), LOOP)

    ends = np.flatnonzero(reached)
    gap_row, gap_position = np.nonzero(is_visit & is_joint)
    start = np.concatenate([came_from[gap_row, gap_position], last[ends]]).astype(np.int64)
    goal = np.concatenate([walked[gap_row, gap_position], np.full(len(ends), net.end)])
    gap_row = np.concatenate([gap_row, ends])
    gap_position = np.concatenate([gap_position, np.full(len(ends), walked.shape[1])])
    pairs, pair = np.unique(start * (net.end + 1) + goal, return_inverse=True)
    ways = [net.between(*divmod(int(p), net.end + 1)) for p in pairs]
    counts = np.array([len(way) for way in ways], dtype=np.int64)
    passed = np.array([stage for way in ways for stage in way], dtype=np.int16)
    times = counts[pair]
    gap = np.repeat(np.arange(len(pair)), times)
    within = np.arange(len(gap)) - np.repeat(np.cumsum(times) - times, times)
    gap_stage = passed[(np.cumsum(counts) - counts)[pair[gap]] + within]
    is_skip = net.mandatory[gap_stage] & (gap_position[gap] < walked.shape[1])
    return tuple(
        np.concatenate(both)
        for both in (
            (row, gap_row[gap]),
            (position, gap_position[gap]),
            (kind, np.where(is_skip, SKIPPED, MISSING)),
            (stage, gap_stage),
        )
    )


def _table(net: Net, lengths: np.ndarray, costs: np.ndarray, found: list[tuple[np.ndarray, ...]]) -> pa.StructArray:
    empty = np.zeros(0, dtype=np.int64)
    row, position, seq, kind, stage = (np.concatenate(parts) for parts in zip(*found, (empty,) * 5, strict=True))
    order = np.lexsort((position, row))  # stable: of one gap the stages stay in the order of the way
    counts = np.bincount(row, minlength=len(lengths))
    offsets = np.concatenate([[0], np.cumsum(counts)])
    deviations = pa.StructArray.from_arrays(
        [
            pa.array(np.arange(len(row)) - np.repeat(offsets[:-1], counts) + 1, pa.int32()),
            KINDS.take(pa.array(kind[order])),
            pa.array(net.stages, pa.string()).take(pa.array(stage[order] - 1)),
            pa.array(seq[order], pa.int32()),
        ],
        fields=list(DEVIATION),
    )
    unknown = costs >= FAR
    return pa.StructArray.from_arrays(
        [
            pa.array(costs, pa.int32(), mask=unknown),
            pa.array(1 - costs / (lengths + net.shortest), pa.float64(), mask=unknown),
            pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), deviations),
        ],
        fields=list(ALIGNED),
    )
