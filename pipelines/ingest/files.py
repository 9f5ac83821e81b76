"""Which files a contract means, and the day each of them arrived.

The arrival day is, in this order:
1. a placeholder in the pattern: `orders_{yyyyMMdd}.csv`, `{yyyy}/{MM}/{dd}/orders.csv`; other files are passed over;
2. the last date (2024-05-01 or 20240501) in the part of the path which `*`, `**`, `?` or `[…]` matched;
3. neither: the day the file was first seen. An append file which grows keeps that day; of a snapshot dataset each new
   content is a snapshot of its own, arrived the day it is seen (source_uri ends with `@<day>`).

Put here: patterns and days. Keep out: reading the files (read_*.py).
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from quality.contract import Contract

_PLACEHOLDER = re.compile(r"\{((?:yyyy|MM|dd|[-_.])+)\}")
_DIGITS = {"yyyy": r"(?P<y>\d{4})", "MM": r"(?P<m>\d{2})", "dd": r"(?P<d>\d{2})"}
_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)|(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)")


@dataclass(frozen=True)
class SourceFile:
    """One file. `uri` names it without machine paths: variables of the contract's location stay as they are."""

    path: Path
    uri: str
    day: date | None  # None: the day it is first seen

    def look(self) -> Look | None:
        """Size and time of the last change; None when it is gone. Two that differ: somebody is writing it."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return None
        return Look(status.st_size, status.st_mtime_ns)


@dataclass(frozen=True)
class Look:
    """What a file looks like from outside."""

    size: int
    changed: int  # nanoseconds since 1970


def find_files(contract: Contract, env: Mapping[str, str]) -> list[SourceFile]:
    """The files of a contract, by day and name; none when nothing matches.

    Raises:
        ContractError: an environment variable of the location is not set.
    """
    location = contract.server.location
    variables = re.match(r"(?:[^*?\[{$]*\$\{\w+\})*", location)[0]
    tail_pattern = location[len(variables) :]
    root = contract.server.resolve(env)
    root = root[: len(root) - len(tail_pattern)]
    literal = root + re.split(r"[*?\[{]", tail_pattern)[0]
    folder = literal[: literal.rfind("/") + 1]
    wild = (root + _PLACEHOLDER.sub("*", tail_pattern))[len(folder) :]
    paths = [p for p in Path(folder).glob(wild) if p.is_file() and not p.name.startswith(".")]
    shape = _compile(tail_pattern)
    tails = {p: (folder + p.relative_to(folder or ".").as_posix())[len(root) :] for p in paths}
    matches = [(p, tail, shape.fullmatch(tail)) for p, tail in tails.items()]
    found = [SourceFile(p, variables + tail, _day(match)) for p, tail, match in matches if match]
    if _PLACEHOLDER.search(location):
        found = [f for f in found if f.day]
    return sorted(found, key=lambda f: (f.day or date.max, f.uri))


def find_unsettled(sources: Sequence[SourceFile], seconds: float) -> dict[SourceFile, Look]:
    """Files that are being written: changed less than `seconds` ago, and again until a second look.

    It waits for the second look, `seconds` at most, and only where a file is that new.

    Returns:
        each with its first look.
    """
    first = {source: look for source in sources if (look := source.look())}
    ages = {source: time.time() - look.changed / 1e9 for source, look in first.items()}
    fresh = [source for source, age in ages.items() if 0 <= age < seconds]
    if fresh:
        time.sleep(seconds - min(ages[source] for source in fresh))
    return {source: first[source] for source in fresh if source.look() != first[source]}


def _compile(pattern: str) -> re.Pattern[str]:
    """The pattern as a regular expression: dates of placeholders in y, m, d; what wildcards match in free groups."""
    parts, last = [], 0
    for match in re.finditer(rf"{_PLACEHOLDER.pattern}|\*\*/|\*+|\?|\[[^]]+\]", pattern):
        parts.append(re.escape(pattern[last : match.start()]))
        last = match.end()
        if match[1]:
            parts.append(re.sub(r"yyyy|MM|dd|.", lambda m: _DIGITS.get(m[0]) or re.escape(m[0]), match[1]))
        else:
            wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}.get(
                match[0], match[0].replace("[!", "[^")
            )
            parts.append(f"({wild})")
    return re.compile("".join([*parts, re.escape(pattern[last:])]))


def _day(match: re.Match[str]) -> date | None:
    named = match.groupdict()
    if named:
        return _date(named.get("y"), named.get("m"), named.get("d"))
    found = [_date(*filter(None, d)) for d in _DATE.findall(" ".join(g or "" for g in match.groups()))]
    return next((day for day in reversed(found) if day), None)


def _date(*parts: str | None) -> date | None:
    try:
        return date(*map(int, parts))
    except (TypeError, ValueError):
        return None
