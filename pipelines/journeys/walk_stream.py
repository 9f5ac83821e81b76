"""Walking more interactions than fit into memory: pieces of whole customers, as they come from the engine.

Put here: cutting the stream. Keep out: the walk (walk.py), where the stream comes from (dbt).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa

from pipelines.journeys.walk import find_sequences, walk_journeys
from pipelines.journeys.walk_spans import SPANS

PIECE = 100_000  # rows: while one piece is walked, the engine writes the one before; larger ones leave the cache


def walk_stream(rows: pa.RecordBatchReader, rules: Mapping[int, str]) -> pa.RecordBatchReader:
    """`walk_journeys` over a stream of its rows, so ordered that every sequence is one run of them."""
    return pa.RecordBatchReader.from_batches(SPANS, _walk_pieces(rows, rules))


def _walk_pieces(rows: pa.RecordBatchReader, rules: Mapping[int, str]) -> Iterator[pa.RecordBatch]:
    for piece in _cut(rows):
        yield from walk_journeys(piece, rules).to_batches()


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
