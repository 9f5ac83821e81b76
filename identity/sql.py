"""Small pieces of SQL text every step uses.

Put here: quoting, moments, node names, text keys.
Keep out: whole queries.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

APOSTROPHES = "'\u2019\u02bc\u02bb`\u00b4"  # D'Angelo is one word: a lone d would pass for an initial

NODE = "identifier_type || '|' || namespace || '|' || value"  # the name of an identifier
ADDRESS = "'address||' || address"  # the name of an address
FAMILY = "'family|' || address || '|' || last"  # and of those who bear one family name there


def quote(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def timestamp(at: datetime) -> str:
    """A SQL timestamp in UTC; a moment without a zone is UTC already."""
    moment = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    return f"timestamp {quote(moment.isoformat(sep=' '))}"


def literals(texts: Iterable[str]) -> str:
    """A comma separated list of literals; never empty, so that `in (…)` parses."""
    return ", ".join(quote(t) for t in texts) or "null"


def case_of(column: str, values: Iterable[tuple[str, str]], otherwise: str = "null") -> str:
    """`case column when 'a' then x … else otherwise end`."""
    branches = " ".join(f"when {quote(k)} then {v}" for k, v in values)
    return f"case {column} {branches} else {otherwise} end" if branches else otherwise


def fold(column: str) -> str:
    """Text for comparing: no case, diacritics or apostrophes, letters and digits with single blanks; null if empty."""
    joined = f"translate(replace(lower({column}), 'ß', 'ss'), {quote(APOSTROPHES)}, '')"
    bare = f"strip_accents({joined})"
    folded = rf"nullif(trim(regexp_replace({bare}, '[^\p{{L}}\p{{N}}]+', ' ', 'g')), '')"
    # Most text is plain already, and telling so costs a fifth of folding it.
    return f"case when {_is_plain(column)} then lower({column}) else {folded} end"


def fold_all(texts: str) -> str:
    """A list of texts for comparing. One expression: its patterns cost 7 ms to prepare, each time they are written."""
    return f"list_transform({texts}, lambda text: {fold('text')})"


def fold_columns(*columns: str) -> str:
    """A list of columns for comparing. Where all are plain, as mostly, that costs a third of `fold_all`."""
    plain = " and ".join(f"coalesce({_is_plain(column)}, true)" for column in columns)
    lowered, texts = ", ".join(f"lower({column})" for column in columns), ", ".join(columns)
    return f"case when {plain} then [{lowered}] else {fold_all(f'[{texts}]')} end"


def _is_plain(column: str) -> str:
    return f"regexp_full_match({column}, '[A-Za-z0-9]+( [A-Za-z0-9]+)*')"


def key_of(name: str) -> str:
    """A number for a name, to find rows by: equal names have one, and hardly ever two others. Never an id."""
    return f"hash({name})"


def customer_uuid(anchor: str) -> str:
    """The id of the customer whose anchor is this node."""
    return f"cast(md5({anchor}) as uuid)"
