"""Which letters names are made of: two that have too few in common need not be compared any closer.

Put here: the letters of a name in one number, and what two such numbers rule out.
Keep out: how similar two names are (levels.py).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

ALIKE = 0.85  # Jaro-Winkler similarity
_PREFIX = 0.4  # what Winkler closes of the gap where four first letters agree; nothing where the first ones differ
_ROUNDING = 1e-4
_LETTERS = np.uint32(2**26 - 1)


def spell(names: pa.ChunkedArray) -> np.ndarray:
    """The letters of each name in 26 bits, its length in the others; 0 for null and for more than plain letters."""
    coded = pc.fill_null(names, "").combine_chunks().dictionary_encode()
    words = np.array(coded.dictionary.cast(pa.binary()).to_pylist(), dtype=bytes)
    letters = np.frombuffer(words, np.uint8).reshape(len(words), words.itemsize)
    length = np.count_nonzero(letters, axis=1).astype(np.uint32)
    is_plain = (((letters >= ord("a")) & (letters <= ord("z"))) | (letters == 0)).all(axis=1) & (length < 64)
    bits = np.where(letters > 0, np.uint32(1) << (letters - np.uint8(ord("a"))) % np.uint32(32), np.uint32(0))
    spelled = np.bitwise_or.reduce(bits, axis=1) | length << np.uint32(26)
    return np.where(is_plain, spelled, np.uint32(0))[coded.indices.to_numpy()]


def may_be_alike(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Whether two names, as `spell` tells them, may be as similar as ALIKE, or one letter from each other.

    A letter only one of them has matches nothing, and Jaro's similarity is at most (m/a + m/b + 1) / 3 for m matching
    letters of a and b.
    """
    of_left, of_right = ((of >> np.uint32(26)).astype(np.float32) for of in (left, right))
    more, less = np.bitwise_count(left & ~right & _LETTERS), np.bitwise_count(right & ~left & _LETTERS)
    matching = np.minimum(of_left - more, of_right - less)
    jaro = (matching / np.maximum(of_left, 1) + matching / np.maximum(of_right, 1) + 1) / 3
    needed = np.float32((ALIKE - _PREFIX) / (1 - _PREFIX) - _ROUNDING)
    return (jaro >= needed) | (np.maximum(more, less) <= 1) | (left == 0) | (right == 0)
