"""Names of any script in Latin letters, so that 王 meets Wang and Łukasz meets Lukasz.

Put here: which names need it, and the letters. Keep out: case, accents, punctuation (`sql.fold`), comparing (names.py).
"""

from __future__ import annotations

import pyarrow as pa
from anyascii import anyascii

from identity.engine import Engine

_HAN = r"^\p{Han}{2,4}$"  # a whole name without a blank: the family name is its first letter


def romanise(engine: Engine, relation: str, columns: tuple[str, ...]) -> None:
    """Write `ir_latin` (raw, latin, parted): every name in `columns` that accents alone do not keep from being ASCII.

    parted sets the family name of a Chinese full name apart.
    Only distinct letters leave the database, so the work in Python is bounded by the scripts of the world, not by rows.
    Source: anyascii, which transliterates letter by letter, Chinese as pinyin.
    """
    names = " union ".join(f"select {column} as raw from {relation}" for column in columns)
    engine.store("ir_odd", rf"select raw from ({names}) n where regexp_matches(strip_accents(raw), '[^\x00-\x7F]')")
    letters = engine.fetch("select distinct unnest(string_split(raw, '')) as letter from ir_odd order by all")["letter"]
    latin = [anyascii(letter) for letter in letters.to_pylist()]
    engine.register("ir_letters", pa.table({"letter": letters, "latin": pa.array(latin, pa.string())}))
    engine.store(
        "ir_latin",
        f"""
        with spelled as (
            select raw, unnest(string_split(raw, '')) as letter, generate_subscripts(string_split(raw, ''), 1) as place
            from ir_odd
        )
        select raw, string_agg(latin, '' order by place) as latin,
            string_agg(
                latin || case when place = 1 and regexp_matches(raw, '{_HAN}') then ' ' else '' end, '' order by place
            ) as parted
        from spelled join ir_letters using (letter) group by raw
        """,
    )
