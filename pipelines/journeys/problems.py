"""Collecting every fault of one journey file, each with file, path, what was seen and what is allowed.

Put here: how a fault is worded and the checks of single values. Keep out: what a journey may say (spec.py).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

DURATION = re.compile(r"([1-9]\d*)([smhdw])")
SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]*")


class Problems:
    """The faults of one file; every check adds what it finds and returns a usable value or None."""

    def __init__(self, file: Path):
        self.file = file
        self.found: list[str] = []

    def add(self, path: str, message: str) -> None:
        self.found.append(f"{self.file}: {path}: {message}")

    def mapping(self, value: Any, path: str, allowed: Collection[str], later: dict[str, str] | None = None) -> dict:
        """`value` as a mapping with only `allowed` keys; keys in `later` are known words without support yet."""
        if not isinstance(value, dict):
            self.add(path or "file", f"seen {_show(value)}; allowed: a mapping with {', '.join(sorted(allowed))}")
            return {}
        for key in value:
            where = f"{path}.{key}" if path else str(key)
            if later and key in later:
                if value[key] is not None and value[key] is not False:
                    self.add(where, f"{later[key]} not yet supported; remove it")
            elif key not in allowed:
                self.add(where, f"unknown key {key!r}; allowed: {', '.join(sorted(allowed))}{nearest(key, allowed)}")
        return value

    def items(self, value: Any, path: str, what: str, *, needed: bool = True) -> list:
        """`value` as a list of `what`; one entry at least when `needed`."""
        if value is None and not needed:
            return []
        if not isinstance(value, list) or (needed and not value):
            self.add(path, f"seen {_show(value)}; allowed: a list of {'one or more ' if needed else ''}{what}")
            return []
        return value

    def one_of(self, value: Any, path: str, allowed: Iterable[str]) -> str | None:
        names = list(allowed)
        if isinstance(value, str) and value in names:
            return value
        self.add(path, f"seen {_show(value)}; allowed: {', '.join(names)}{nearest(value, names)}")
        return None

    def identifier(self, value: Any, path: str) -> str | None:
        if isinstance(value, str) and IDENTIFIER.fullmatch(value):
            return value
        self.add(path, f"seen {_show(value)}; allowed: a lower-case name like buy_plan ([a-z][a-z0-9_]*)")
        return None

    def text(self, value: Any, path: str) -> str | None:
        if value is None or (isinstance(value, str) and value.strip()):
            return value.strip() if value else None
        self.add(path, f"seen {_show(value)}; allowed: text")
        return None

    def flag(self, value: Any, path: str) -> bool:
        if not isinstance(value, bool):
            self.add(path, f"seen {_show(value)}; allowed: true, false")
        return value is True

    def duration(self, value: Any, path: str) -> int | None:
        """Seconds of a text like 30m or 14d; None stays None."""
        if value is None:
            return None
        match = DURATION.fullmatch(value) if isinstance(value, str) else None
        if match:
            return int(match[1]) * SECONDS[match[2]]
        self.add(path, f"seen {_show(value)}; allowed: a whole number and s, m, h, d or w, like 30m or 14d")
        return None


def nearest(value: Any, names: Iterable[str]) -> str:
    """`; nearest 'x'` when a name resembles `value`, else nothing."""
    close = difflib.get_close_matches(str(value), list(names), n=1, cutoff=0.6)
    return f"; nearest {close[0]!r}" if close else ""


def _show(value: Any) -> str:
    if value is None or value == []:
        return "nothing"
    return repr(value) if isinstance(value, (str, int, float)) else f"a {type(value).__name__}"
