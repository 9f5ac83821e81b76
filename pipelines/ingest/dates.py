"""Java date patterns, as contracts write them, in DuckDB's terms.

Put here: one pattern in, a strptime format and a regular expression out.
Keep out: time zones and casts (cells.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.ingest.errors import LandingError

# Java letters -> (strptime, regular expression). The expression is what keeps strptime, which is lenient, exact.
TOKENS = {
    "yyyy": ("%Y", r"\d{4}"),
    "yy": ("%y", r"\d{2}"),
    "MMMM": ("%B", r"[A-Za-z]+"),
    "MMM": ("%b", r"[A-Za-z]{3}"),
    "MM": ("%m", r"\d{2}"),
    "M": ("%m", r"\d{1,2}"),
    "dd": ("%d", r"\d{2}"),
    "d": ("%d", r"\d{1,2}"),
    "HH": ("%H", r"\d{2}"),
    "H": ("%H", r"\d{1,2}"),
    "hh": ("%I", r"\d{2}"),
    "h": ("%I", r"\d{1,2}"),
    "mm": ("%M", r"\d{2}"),
    "m": ("%M", r"\d{1,2}"),
    "ss": ("%S", r"\d{2}"),
    "s": ("%S", r"\d{1,2}"),
    "a": ("%p", r"[AaPp][Mm]"),
    "X": ("%z", r"(?:Z|[+-]\d{2})"),
    "XX": ("%z", r"(?:Z|[+-]\d{4})"),
    "XXX": ("%z", r"(?:Z|[+-]\d{2}:\d{2})"),
    "Z": ("%z", r"[+-]\d{4}"),
    "uuuu": ("%Y", r"\d{4}"),
}
FRACTION = {range(1, 4): "%g", range(4, 7): "%f", range(7, 10): "%n"}


@dataclass(frozen=True)
class DatePattern:
    """A Java pattern for DuckDB: text which matches `regex` in full is read by `strptime`."""

    strptime: str
    regex: str
    has_offset: bool


def translate_pattern(java: str) -> DatePattern:
    """Translate a Java date pattern such as `dd.MM.yyyy HH:mm`.

    One letter (`M`, `d`, `H`) takes one or two digits, a doubled one exactly two. `yy` is 1969 to 2068.

    Raises:
        LandingError: a letter this pipeline does not know.
    """
    strptime, regex, offset = "", "", False
    for quoted, run, other in _pieces(java):
        if run:
            form, expression = _token(java, run)
            strptime, regex, offset = strptime + form, regex + expression, offset or form == "%z"
        else:
            literal = quoted if quoted else other
            strptime, regex = strptime + literal.replace("%", "%%"), regex + re.escape(literal)
    return DatePattern(strptime, regex, offset)


def _pieces(java: str) -> list[tuple[str, str, str]]:
    found = re.finditer(r"'(?P<quoted>[^']*)'|(?P<run>(?P<letter>[A-Za-z])(?P=letter)*)|(?P<other>.)", java)
    return [(m["quoted"] or ("'" if m[0] == "''" else ""), m["run"] or "", m["other"] or "") for m in found]


def _token(java: str, run: str) -> tuple[str, str]:
    if set(run) == {"S"}:
        form = next((f for lengths, f in FRACTION.items() if len(run) in lengths), None)
        if form:
            return form, rf"\d{{{len(run)}}}"
    if run in TOKENS:
        return TOKENS[run]
    raise LandingError(
        f"date format {java!r}: unknown part {run!r}; allowed: {', '.join(TOKENS)}, S to SSSSSSSSS and 'text' in quotes"
        "; correct logicalTypeOptions.format"
    )
