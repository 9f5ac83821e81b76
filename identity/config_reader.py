"""Values out of identity.yml, each checked where it stands.

Put here: kinds of values (a share, days, a list of texts, names out of a list) and how a wrong one is told.
Keep out: which keys there are and what they mean (config.py, model_rules.py).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from identity import defaults


class IdentityConfigError(ValueError):
    """identity.yml cannot be used. The message names file, path, what was seen and what is allowed."""


class Reader:
    """Takes values out of the document, each checked where it stands."""

    def __init__(self, file: str, types: Mapping[str, Any]) -> None:
        self.file = file
        self.types = dict(sorted(types.items(), key=lambda item: (item[1].order or 1000, item[0])))

    def error(self, where: str, seen: Any, allowed: str) -> IdentityConfigError:
        place = f"{where}: " if where else ""
        return IdentityConfigError(f"{self.file}: {place}{seen!r} is not allowed here; allowed: {allowed}")

    def known(self, where: str, name: Any, names: Sequence[str]) -> str:
        if name not in names:
            near = difflib.get_close_matches(str(name), names, n=1)
            hint = f"; nearest {near[0]!r}" if near else ""
            raise self.error(where, name, ", ".join(names) + hint)
        return name

    def mapping(self, where: str, value: Any, keys: Sequence[str]) -> Mapping[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, Mapping):
            raise self.error(where, value, f"a mapping of {', '.join(keys)}")
        for key in value:
            self.known(where, key, keys)
        return value

    def texts(self, where: str, value: Any) -> tuple[str, ...]:
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.error(where, value, "a list of texts")
        return tuple(v.strip().lower() if where != "stitching.logout_touchpoints" else v for v in value)

    def patterns(self, where: str, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise self.error(where, value, "a list of regular expressions")
        for pattern in value:
            try:
                re.compile(pattern)
            except (re.error, TypeError) as fault:
                raise self.error(where, pattern, f"a regular expression ({fault})") from fault
        return tuple(value)

    def flag(self, where: str, value: Any) -> bool:
        if not isinstance(value, bool):
            raise self.error(where, value, "true, false")
        return value

    def share(self, where: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1:
            raise self.error(where, value, "a number between 0 and 1")
        return float(value)

    def days(self, where: str, value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.error(where, value, "a whole number of days, 0 or more")
        return value

    def limit(self, where: str, value: Any) -> int | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise self.error(where, value, "a whole number, 1 or more, or null for unlimited")
        return value

    def types_of(self, where: str, value: Any, strength: str) -> tuple[str, ...]:
        fitting = tuple(name for name, term in self.types.items() if term.strength == strength)
        if value is None:
            return fitting
        names = self.texts(where, value)
        return tuple(dict.fromkeys(self.known(where, name, fitting) for name in names))

    def default_limits(self, name: str) -> dict[str, int]:
        return {kind: getattr(term, name) for kind, term in self.types.items() if getattr(term, name) is not None}

    def limits(
        self, where: str, value: Any, default: Mapping[str, int], extra: tuple[str, ...] = ()
    ) -> dict[str, int | None]:
        if value is not None and not isinstance(value, Mapping):
            raise self.error(where, value, "a mapping of <type> or <type>@<namespace> to a number")
        found: dict[str, int | None] = dict(default)
        for key, number in (value or {}).items():
            self.known(where, str(key).partition("@")[0], (*self.types, *extra))
            found[key] = self.limit(f"{where}.{key}", number)
        return found

    def survivorship(self, value: Any) -> dict[str, str]:
        units = ("default", *defaults.GROUPS, *defaults.SINGLE_ATTRIBUTES)
        rules = self.mapping("survivorship", value, units)
        return {u: self.known(f"survivorship.{u}", r, defaults.SURVIVORSHIP_RULES) for u, r in rules.items()}
