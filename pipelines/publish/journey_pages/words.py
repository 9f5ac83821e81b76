"""How figures are written for people.

Put here: numbers, shares, durations and names as text. Keep out: where they come from, how they are laid out.
"""

from __future__ import annotations

MIN_ANSWERS = 5  # a mean of fewer answers says more about who answered than about the stage
NONE = "–"
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def number(value: int) -> str:
    return f"{value:,}"


def share(part: int, whole: int) -> str:
    """A percentage with one decimal; without a whole there is none."""
    return f"{100 * part / whole:.1f} %" if whole else NONE


def duration(seconds: float | None) -> str:
    """The two largest units, the second one only where it is not nought: `1 d 6 h`, `3 min`."""
    if seconds is None:
        return NONE
    left = round(seconds)  # also of a Decimal
    for place, (size, name) in enumerate(UNITS):
        if left >= size:
            whole, rest = divmod(left, size)
            smaller, its_name = UNITS[place + 1] if place + 1 < len(UNITS) else (1, "")
            second = rest // smaller if its_name else 0
            return f"{whole} {name}" + (f" {second} {its_name}" if second else "")
    return "0 s"


def mean(value: float | None, answers: int, decimals: int = 1) -> str:
    """A mean with the number of answers beside it; of too few answers only their number."""
    if not answers:
        return "no answers"
    if answers < MIN_ANSWERS or value is None:
        return f"too few answers (n {answers})"
    return f"{value:.{decimals}f} (n {number(answers)})"


def measured(value: float, measure: str) -> str:
    """A measure of a hotspot in its unit: a share, a time, points."""
    if measure in ("drop", "loop"):
        return f"{100 * value:.1f} %"
    return duration(value) if measure == "dwell" else f"{value:.2f}"


def plain(identifier: str) -> str:
    """An id as words: `in_progress` is in progress."""
    return identifier.replace("_", " ")


def common(feature: str, value: str) -> str:
    """What visits have in common: `is_assisted`, `true` is assisted: yes."""
    return f"{plain(feature.removeprefix('is_'))}: {({'true': 'yes', 'false': 'no'}).get(value, plain(value))}"


def wrap(text: str, width: int, lines: int = 2) -> list[str]:
    """At most `lines` lines of at most `width` characters; what does not fit ends in an ellipsis."""
    rows: list[str] = [""]
    for word in text.split():
        longer = f"{rows[-1]} {word}".strip()
        if len(longer) <= width or not rows[-1]:
            rows[-1] = longer
        else:
            rows.append(word)
    if len(rows) > lines:
        rows = [*rows[: lines - 1], " ".join(rows[lines - 1 :])]
    return [row if len(row) <= width else row[: width - 1] + "…" for row in rows]
