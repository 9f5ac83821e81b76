"""Which files a contract means, and the day each of them arrived.

The arrival day is, in this order:
1. a placeholder in the pattern: `orders_{yyyyMMdd}.csv`, `{yyyy}/{MM}/{dd}/orders.csv`; other files are passed over;
2. the last date (2024-05-01 or 20240501) in the part of the path which `*`, `**`, `?` or `[…]` matched;
3. neither: the day the file was first seen. An append file which grows keeps that day; of a snapshot dataset each new
   content is a snapshot of its own, arrived the day it is seen (source_uri ends with `@<day>`).

Put here: patterns and days. Keep out: object storage (objects.py), reading the files (read_*.py).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.ingest.disk import hash_file
from quality.contract import Contract

if TYPE_CHECKING:
    from pipelines.ingest.objects import StoredObject

_PLACEHOLDER = re.compile(r"\{((?:yyyy|MM|dd|[-_.])+)\}")
_DIGITS = {"yyyy": r"(?P<y>\d{4})", "MM": r"(?P<m>\d{2})", "dd": r"(?P<d>\d{2})"}
_DATE = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)|(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)")


@dataclass(frozen=True)
class Look:
    """What a file looks like from outside."""

    size: int
    changed: int  # nanoseconds since 1970


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

    def hash(self) -> str:
        """32 hex digits of its bytes."""
        return hash_file(self.path)

    def fetch(self, work: Path) -> Path:
        """Where it can be read: where it is."""
        return self.path


@dataclass(frozen=True)
class _Place:
    """A location taken apart: `variables` + `tail` as the contract writes it, `root` for the variables resolved."""

    variables: str
    tail: str
    root: str

    @property
    def literal(self) -> str:
        """What stands before the first wildcard or placeholder, resolved."""
        return self.root + re.split(r"[*?\[{]", self.tail)[0]


def find_files(contract: Contract, env: Mapping[str, str]) -> list[SourceFile | StoredObject]:
    """The files, or the objects, of a contract, by day and name; none when nothing matches.

    Raises:
        ContractError: an environment variable of the location is not set.
        LandingError: an object storage that does not answer, or refuses.
    """
    location, resolved = contract.server.location, contract.server.resolve(env)
    variables = re.match(r"(?:[^*?\[{$]*\$\{\w+\})*", location)[0]
    place = _Place(variables, location[len(variables) :], resolved[: len(resolved) - len(location) + len(variables)])
    find = _find_objects if location.startswith("s3://") else _find_local
    return sorted(find(contract, env, place), key=lambda f: (f.day or date.max, f.uri))


def _find_local(contract: Contract, env: Mapping[str, str], place: _Place) -> Iterator[SourceFile]:
    folder = place.literal[: place.literal.rfind("/") + 1]
    wild = (place.root + _PLACEHOLDER.sub("*", place.tail))[len(folder) :]
    paths = [p for p in Path(folder).glob(wild) if p.is_file() and not p.name.startswith(".")]
    names = {folder + p.relative_to(folder or ".").as_posix(): p for p in paths}
    for name, tail, day in _match(place, names):
        yield SourceFile(names[name], place.variables + tail, day)


def _find_objects(contract: Contract, env: Mapping[str, str], place: _Place) -> Iterator[StoredObject]:
    from pipelines.ingest.objects import Store, StoredObject

    store = Store(contract, env)
    folder, _, prefix = place.literal.rpartition("/")
    listed = store.list(folder, prefix)
    for name, tail, day in _match(place, [f"s3://{key}" for key in listed]):
        key = name.removeprefix("s3://")
        yield StoredObject(store, key, place.variables + tail, day, listed[key])


def _match(place: _Place, names: Iterable[str]) -> Iterator[tuple[str, str, date | None]]:
    """Names that match, what follows the variables in them, and the day; where one is asked for, there must be one."""
    shape, needs_day = _compile(place.tail), bool(_PLACEHOLDER.search(place.tail))
    for name in names:
        tail = name[len(place.root) :]
        match = shape.fullmatch(tail)
        day = _day(match) if match else None
        if match and (day or not needs_day):
            yield name, tail, day


def find_unsettled(sources: Sequence[SourceFile | StoredObject], seconds: float) -> dict[str, Look]:
    """Files that are being written: changed less than `seconds` ago, and again until a second look.

    It waits for the second look, `seconds` at most, and only where a file is that new.

    Returns:
        uri and first look of each.
    """
    first = {s: look for s in sources if isinstance(s, SourceFile) and (look := s.look())}
    ages = {source: time.time() - look.changed / 1e9 for source, look in first.items()}
    fresh = [source for source, age in ages.items() if 0 <= age < seconds]
    if fresh:
        time.sleep(seconds - min(ages[source] for source in fresh))
    return {source.uri: first[source] for source in fresh if source.look() != first[source]}


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
