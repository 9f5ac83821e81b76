"""Looks for values of people in everything a run leaves behind: text, SQLite, DuckDB and Parquet files.

Every text is cut into words once, and sets are intersected: the time goes with the size of the files, not with the
number of people. Put here: how to look. Keep out: where nothing may be found (test_privacy.py).
"""

from __future__ import annotations

import html
import re
import sqlite3
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import duckdb

WORD = re.compile(r"[^\W_]+")
EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
LONGEST = 64  # characters of an e-mail address at either side of its @
NEAR = 4  # words between a first and a last name in a row with its fields' names
PHONE = re.compile(r"\d[\d ()/.\-]{5,}\d")
ESCAPE = re.compile(r"\\+u([0-9a-fA-F]{4})")
BREAK = re.compile(r"\\+[nrt]")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{32}")
TEXT_COLUMNS = """
    select schema_name, table_name, string_agg('"' || column_name || '"', ', ')
    from duckdb_columns()
    where database_name = 'f' and (data_type like '%VARCHAR%' or data_type in ('JSON', 'BLOB'))
    group by schema_name, table_name
"""


@dataclass(frozen=True)
class Needles:
    """What must not be found, by kind."""

    email: frozenset[str]
    phone: frozenset[str]  # digits only
    name: frozenset[tuple[str, str]]  # two words that follow each other, or stand in two fields of a row
    login: frozenset[str]  # one word, as is a card's number
    card: frozenset[str]

    @classmethod
    def of(
        cls,
        emails: Iterable[str],
        phones: Iterable[str],
        names: Iterable[tuple[str, str]],
        logins: Iterable[str],
        cards: Iterable[str],
    ) -> Needles:
        """The needles of values as they are written; `names` are (first, last)."""
        return cls(
            email=frozenset(e.strip().lower() for e in emails),
            phone=frozenset(d for p in phones if len(d := _digits(p)) >= 9),
            name=frozenset(pair for first, last in names for pair in _joints(first, last)),
            login=frozenset(v.lower() for v in logins),
            card=frozenset(v.lower() for v in cards),
        )

    def in_text(self, text: str) -> set[str]:
        """The kinds of which `text` holds a value."""
        text = html.unescape(BREAK.sub(" ", ESCAPE.sub(lambda m: chr(int(m[1], 16)), text))).lower()
        words = WORD.findall(text)
        around = (text[max(0, at.start() - LONGEST) : at.end() + LONGEST] for at in re.finditer("@", text))
        seen = {
            "email": {address for part in around for address in EMAIL.findall(part)},
            "phone": {_digits(number) for number in PHONE.findall(text)},
            "name": self._names(words),
            "login": (tokens := set(words)),
            "card": tokens,
        }
        return {kind for kind in KINDS if not getattr(self, kind).isdisjoint(seen[kind])}

    @cached_property
    def _parts(self) -> frozenset[str]:
        return frozenset(word for pair in self.name for word in pair)

    def _names(self, words: list[str]) -> set[tuple[str, str]]:
        """Parts of names at most NEAR words apart: `"first_name": "Ada", "last_name": "Lovelace"`."""
        parts = self._parts
        met = [(at, word) for at, word in enumerate(words) if word in parts]
        return {
            (one, two) for n in (1, 2) for (at, one), (to, two) in zip(met, met[n:], strict=False) if to - at <= NEAR
        }


KINDS = tuple(field.name for field in fields(Needles))


def search(needles: Needles, files: Iterable[Path], home: Path) -> dict[str, set[str]]:
    """Place -> kinds found there, for all that was read; a place is a file below `home`, or a table or column of it."""
    found: dict[str, set[str]] = {}
    read: dict[int, set[str]] = {}  # a manifest lies there three times
    for file in files:
        for column, text in texts(file):
            place = ID.sub("ID", str(file.relative_to(home))) + (f":{column}" if column else "")
            key = hash(text)
            if key not in read:
                read[key] = needles.in_text(text)
            found.setdefault(place, set()).update(read[key])
    return found


def texts(file: Path) -> Iterator[tuple[str, str]]:
    """(table or column, if it has any, and text) of one file, whatever it is."""
    with file.open("rb") as handle:
        head = handle.read(16)
    if head.startswith(b"SQLite format 3"):
        yield from _sqlite(file)
    elif head[8:12] == b"DUCK":
        yield from _duckdb(file)
    elif head.startswith(b"PAR1"):
        yield "", _joined(duckdb.sql(f"select * from '{file}'"))
    else:
        yield "", file.read_bytes().decode("utf-8", errors="replace")


def _sqlite(file: Path) -> Iterator[tuple[str, str]]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as con:
        for (table,) in con.execute("select name from sqlite_master where type = 'table'").fetchall():
            for column in con.execute(f"pragma table_info('{table}')").fetchall():
                rows = con.execute(f'select "{column[1]}" from "{table}" where "{column[1]}" is not null')
                yield f"{table}.{column[1]}", "\n".join(_told(value) for (value,) in rows)


def _told(value: object) -> str:
    """Dagster keeps its snapshots compressed."""
    if not isinstance(value, bytes):
        return str(value)
    return (zlib.decompress(value) if value.startswith(b"x\x9c") else value).decode("utf-8", errors="replace")


def _duckdb(file: Path) -> Iterator[tuple[str, str]]:
    with duckdb.connect() as con:
        con.execute(f"attach '{file}' as f (read_only)")
        for schema, table, columns in con.execute(TEXT_COLUMNS).fetchall():
            yield f"{schema}.{table}", _joined(con.sql(f'select distinct {columns} from f."{schema}"."{table}"'))


def _joined(rows: duckdb.DuckDBPyRelation) -> str:
    """All cells, one after the other, row by row; a name stands in two columns beside each other."""
    table = rows.to_arrow_table()
    columns = [[str(v) if v is not None else "" for v in column.to_pylist()] for column in table.columns]
    return "\n".join(map("\t".join, zip(*columns, strict=True)))


def _joints(first: str, last: str) -> Iterator[tuple[str, str]]:
    """The words that meet where a first and a last name do, in either order; short words meet by chance."""
    first_words, last_words = WORD.findall(first.lower()), WORD.findall(last.lower())
    if first_words and last_words:
        pairs = ((first_words[-1], last_words[0]), (last_words[-1], first_words[0]))
        yield from (pair for pair in pairs if min(map(len, pair)) >= 3)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
