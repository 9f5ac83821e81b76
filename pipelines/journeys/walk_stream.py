"""Walking more interactions than fit into memory: pieces of whole customers, as they come from the engine.

Put here: cutting the stream. Keep out: the walk (walk.py), where the stream comes from (dbt).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa

from pipelines.journeys.walk import find_sequences, walk_journeys
from pipelines.journeys.walk_spans import SPANS

PIECE = 100_000  # rows; larger pieces leave the cache


def walk_stream(rows: pa.RecordBatchReader, rules: Mapping[int, str]) -> pa.RecordBatchReader:
    """`walk_journeys` over a stream of its rows, so ordered that every sequence is one run of them.

    While the caller writes one piece, the next is walked and the one after it read.
    """
    walked = _ahead(walk_journeys(piece, rules) for piece in _ahead(_cut(rows)))
    return pa.RecordBatchReader.from_batches(SPANS, (batch for table in walked for batch in table.to_batches()))


def _ahead(pieces: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The pieces, each made in a thread of its own while the one before is used."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = pool.submit(next, pieces, None)
            yield piece


def _cut(rows: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Tables of PIECE rows or more, cut where a sequence begins."""
    waiting: list[pa.RecordBatch] = []
    for batch in rows:
        waiting.append(batch)
        if sum(map(len, waiting)) < PIECE:
            continue
        piece = pa.Table.from_batches(waiting, rows.schema).combine_chunks()
        last = int(find_sequences(piece)[-1])
        yield piece[:last]
        waiting = piece[last:].to_batches()
    if waiting:
        yield pa.Table.from_batches(waiting, rows.schema)
