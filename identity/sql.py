"""Small pieces of SQL text every step uses.

Put here: quoting, node names, text keys.
Keep out: whole queries.
"""

from __future__ import annotations

from collections.abc import Iterable


def quote(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """A comma separated list of literals; never empty, so that `in (…)` parses."""
    return ", ".join(quote(t) for t in texts) or "null"


def case_of(column: str, values: Iterable[tuple[str, str]], otherwise: str = "null") -> str:
    """`case column when 'a' then x … else otherwise end`."""
    branches = " ".join(f"when {quote(k)} then {v}" for k, v in values)
    return f"case {column} {branches} else {otherwise} end" if branches else otherwise


def fold(column: str) -> str:
    """Text for comparing: no case, no diacritics, letters and digits with single blanks; null when nothing is left."""
    bare = f"strip_accents(replace(lower({column}), 'ß', 'ss'))"
    return rf"nullif(trim(regexp_replace({bare}, '[^\p{{L}}\p{{N}}]+', ' ', 'g')), '')"


def customer_uuid(anchor: str) -> str:
    """The id of the customer whose anchor is this node."""
    return f"cast(md5({anchor}) as uuid)"
