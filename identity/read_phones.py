"""Phone numbers in E.164 where they can be read, in bare digits where they cannot; alone a process for many of them.

Put here: reading with phonenumbers. Keep out: which numbers count as junk (defaults.py), the cache (phones.py), and
imports: several processes begin with this module, and each would wait for them.
"""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import phonenumbers

MANY = 50_000  # from here on several processes read; a number takes 15 to 22 microseconds, a process 0.4 s to begin


def normalise_phone(value: str, country: str | None) -> str:
    """One number as +<country code><number>; digits only when it is no possible number.

    Args:
        value: as the source wrote it, extension included.
        country: two ISO letters, for numbers written without a country code.
    """
    try:
        parsed = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        return re.sub(r"\D", "", value)
    if not phonenumbers.is_possible_number(parsed):
        return re.sub(r"\D", "", value)
    return f"+{parsed.country_code}{phonenumbers.national_significant_number(parsed)}"


def normalise_phones(values: Sequence[str], countries: Sequence[str], processes: int) -> list[str]:
    """Each number of its country ('' where unknown), in their order.

    Args:
        processes: how many read, where there are many.
    """
    pairs = list(zip(values, countries, strict=True))
    if len(pairs) < MANY or processes < 2:
        return _read(pairs)
    size = -(-len(pairs) // processes)
    parts = [pairs[start : start + size] for start in range(0, len(pairs), size)]
    with ThreadPoolExecutor(len(parts)) as waiting:
        return [canonical for read in waiting.map(_read_elsewhere, parts) for canonical in read]


def _read(pairs: Sequence[tuple[str, str]]) -> list[str]:
    return [normalise_phone(value, country or None) for value, country in pairs]


def _read_elsewhere(pairs: list[tuple[str, str]]) -> list[str]:
    """In a process of its own. Never by fork: threads of DuckDB and Dagster may hold locks a child would wait for for
    ever; nor by what multiprocessing starts, which imports the whole program anew."""
    told = pickle.dumps(pairs)
    return pickle.loads(
        subprocess.run([sys.executable, "-m", __name__], input=told, stdout=subprocess.PIPE, check=True).stdout
    )


if __name__ == "__main__":
    sys.stdout.buffer.write(pickle.dumps(_read(pickle.load(sys.stdin.buffer))))
