"""Phone numbers in one spelling: E.164 where they can be read, bare digits where they cannot.

Put here: parsing with phonenumbers, and the cache that spares parsing a number twice.
Keep out: which numbers count as junk (defaults.py).
"""

from __future__ import annotations

import re
from concurrent.futures import ProcessPoolExecutor
from itertools import chain
from multiprocessing import get_context

import phonenumbers
import pyarrow as pa

from identity.engine import Engine

CACHE = "identity.phone_cache"
POOL_FROM = 1_000_000  # workers import the program anew, 5 s and more; parsing takes 15 to 22 microseconds a number
_CHUNK = 10_000


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
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def cache_phones(engine: Engine, distinct: str) -> None:
    """Bring `ir_phones` (value, country, canonical) up to date with the distinct values of a query.

    Args:
        distinct: query of (value, country), no duplicates; country is '' where unknown.
    """
    engine.store("ir_phone_values", distinct)
    if engine.columns(CACHE):
        known = f"select c.value, c.country, c.canonical from {CACHE} c join ir_phone_values using (value, country)"
    else:
        known = "select value, country, '' as canonical from ir_phone_values where false"
    engine.store("ir_phones_known", known)
    new = engine.fetch("select value, country from ir_phone_values anti join ir_phones_known using (value, country)")
    engine.register("ir_phones_new", new.append_column("canonical", pa.array(_normalise(new), pa.string())))
    engine.store("ir_phones", "select * from ir_phones_known union all select * from ir_phones_new")


def _normalise(table: pa.Table) -> list[str]:
    values, countries = table["value"].to_pylist(), table["country"].to_pylist()
    starts = range(0, len(values), _CHUNK)
    chunks = [(values[i : i + _CHUNK], countries[i : i + _CHUNK]) for i in starts]
    if len(values) < POOL_FROM:
        return list(chain.from_iterable(map(_normalise_chunk, chunks)))
    # Never fork here: the threads of DuckDB and Dagster may hold locks a forked child would wait for for ever.
    with ProcessPoolExecutor(mp_context=get_context("forkserver")) as pool:
        return list(chain.from_iterable(pool.map(_normalise_chunk, chunks)))


def _normalise_chunk(chunk: tuple[list[str], list[str]]) -> list[str]:
    return [normalise_phone(value, country or None) for value, country in zip(*chunk, strict=True)]
