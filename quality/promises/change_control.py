"""Which changes of output contracts may go ahead: each with the version it needs, none that breaks a consumer unseen.

Put here: the judgement. Keep out: what a change is (compatibility.py), reading contracts and consumers.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from quality.contract import ContractError
from quality.definitions import Definitions, load_definitions, read_definitions
from quality.promises.compatibility import ADDITIVE, BREAKING, Change, compare
from quality.promises.consumers import Consumer, load_consumers, served_versions
from quality.promises.output_contract import FOLDER, OutputContract, load_output_contracts, read_output_contracts

DEFINITIONS = "definitions.yml"
RELEASED = "tables"  # below the released folder of a home


@dataclass(frozen=True)
class Promises:
    """Everything promised at one time: the output contracts, and the definitions their terms had."""

    contracts: Mapping[str, OutputContract]
    definitions: Definitions


@dataclass(frozen=True)
class Verdict:
    """`changes` of tables still served, `moves` from a major version to the next, and what forbids going ahead."""

    changes: tuple[Change, ...]
    moves: tuple[Change, ...]
    faults: tuple[str, ...]


def promises_now() -> Promises:
    """What is promised by the files of this checkout."""
    return Promises(load_output_contracts(), load_definitions())


def promises_in(folder: Path) -> Promises | None:
    """What the copies in a folder promise; None where there are none."""
    if not (folder / DEFINITIONS).is_file():
        return None
    return Promises(read_output_contracts(folder), read_definitions(folder / DEFINITIONS))


def promises_at(reference: str) -> Promises | None:
    """What the commit `reference` of this checkout promises; None where it had no output contracts.

    Raises:
        ContractError: git does not know the commit.
    """
    repository = FOLDER.parents[1]
    command = ["git", "-C", str(repository), "archive", reference, "--", "quality"]
    archive = subprocess.run(command, capture_output=True, check=False)
    if archive.returncode:
        raise ContractError(f"{reference}: {archive.stderr.decode().strip()}; name a commit of {repository}")
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=io.BytesIO(archive.stdout)) as tar:
        tar.extractall(folder, filter="data")
        then = Path(folder) / "quality"
        contracts = read_output_contracts(then / FOLDER.name)
        return Promises(contracts, read_definitions(then / DEFINITIONS)) if contracts else None


def judge(before: Promises, after: Promises, consumers: list[Consumer], today: date) -> Verdict:
    """Hold what is promised now to what was promised before.

    A breaking change needs a new major version, and the old one served beside it until its last day; an additive one
    needs a new minor version; wording needs nothing.
    """
    changes: list[Change] = []
    moves: list[Change] = []
    faults: list[str] = []
    now = served_versions(after.contracts)
    for (table, major), was in served_versions(before.contracts).items():
        served = now.get((table, major))
        successor = now.get((table, major + 1))
        if successor:
            found = compare(was, successor, before.definitions, after.definitions)
            moves += [_with_readers(change, table, major, consumers) for change in found]
        if served:
            found = compare(was, served, before.definitions, after.definitions)
            changes += found
            faults += _unallowed(was, served, found, consumers)
        elif not _is_over(was, today):
            faults.append(_gone(was, table, successor is not None, consumers))
    return Verdict(tuple(changes), tuple(moves), tuple(faults))


def list_broken_promises(company: Path, released: Path, today: date | None = None) -> list[str]:
    """What forbids publishing the promises of this checkout after those of `<home>/released`; empty: nothing does."""
    before = promises_in(released / RELEASED)
    if before is None:
        return []
    return list(judge(before, promises_now(), load_consumers(company), today or date.today()).faults)


def broken_consumers(change: Change, table: str, major: int, consumers: list[Consumer]) -> list[str]:
    """Names of the consumers a change reaches."""
    return [
        consumer.name
        for consumer in consumers
        if any(r.table == table and r.major == major and r.needs(change.column) for r in consumer.reads)
    ]


def _with_readers(change: Change, table: str, major: int, consumers: list[Consumer]) -> Change:
    """A breaking change between two versions says who has to move."""
    readers = broken_consumers(change, table, major, consumers) if change.level == BREAKING else []
    if not readers:
        return change
    return replace(change, said=f"{change.said}; {', '.join(readers)} must move from {table}@{major} to @{major + 1}")


def _unallowed(
    was: OutputContract, served: OutputContract, found: list[Change], consumers: list[Consumer]
) -> list[str]:
    table = was.table.removesuffix(f"_v{was.major}")
    faults = []
    for change in found:
        if change.level == BREAKING:
            readers = broken_consumers(change, table, was.major, consumers)
            faults.append(
                f"{change}; it breaks {', '.join(readers) or 'nobody declared'}: make it version {was.major + 1}.0.0, "
                f"and keep {was.version} served as {table}_v{was.major} until its last day"
            )
    if any(c.level == ADDITIVE for c in found) and _minor(served) <= _minor(was):
        faults.append(f"{was.table}: more is promised under the same version {was.version}; make it {_next_minor(was)}")
    return faults


def _gone(was: OutputContract, table: str, has_successor: bool, consumers: list[Consumer]) -> str:
    gone = Change(was.table, None, "table_removed", BREAKING, f"version {was.version} is served no more")
    readers = ", ".join(broken_consumers(gone, table, was.major, consumers)) or "nobody declared"
    remedy = f"keep it as {table}_v{was.major}, status deprecated, with slaProperties endOfLife"
    if not has_successor:
        remedy = "put its contract back, deprecated with slaProperties endOfLife, until that day"
    return f"{gone}; it breaks {readers}: {remedy}"


def _is_over(contract: OutputContract, today: date) -> bool:
    last = contract.service_levels.get("endOfLife")
    return contract.status == "deprecated" and last is not None and date.fromisoformat(str(last["value"])) < today


def _minor(contract: OutputContract) -> tuple[int, ...]:
    return tuple(int(part) for part in contract.version.split(".")[:2])


def _next_minor(contract: OutputContract) -> str:
    major, minor = _minor(contract)
    return f"{major}.{minor + 1}.0"
