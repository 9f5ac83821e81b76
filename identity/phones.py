"""Phone numbers in one spelling: E.164 where they can be read, bare digits where they cannot.

Put here: the cache that spares reading a number twice. Keep out: reading it (read_phones.py), which numbers count as
junk (defaults.py).
"""

from __future__ import annotations

import os

import pyarrow as pa

from identity.engine import Engine
from identity.read_phones import normalise_phones

CACHE = "identity.phone_cache"


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
    values, countries = new["value"].to_pylist(), new["country"].to_pylist()
    canonical = normalise_phones(values, countries, os.cpu_count() or 1)
    engine.register("ir_phones_new", new.append_column("canonical", pa.array(canonical, pa.string())))
    engine.store("ir_phones", "select * from ir_phones_known union all select * from ir_phones_new")
