"""Releasing quarantine: a part is landed again, whole, from its kept raw text, under the contract as it is now.

A part is what a contract makes of a content, so there is no releasing of single rows: whatever now passes lands,
whatever does not stays set aside, and `unique`, batch rules and error rate see the whole batch as they did the first
time. It takes the way of every landing (enter.py), so that

- the result is that of landing the source again: same rows, same quarantine, same content hash;
- received = landed + quarantined holds for the new part as for the old one;
- a release killed at any step leaves the old part or the new one, and is simply run again;
- released twice, or where no rule changed since, nothing happens and nothing is logged.

What it must not do is make an old delivery look new. The part keeps its arrival day, rows are judged by the day they
came (`after_arrival`), and it keeps its place among the arrivals of its day (`arrived_seq` in the manifest): a key
that landed meanwhile keeps its later version, by cursor or by arrival, and of a snapshot only the latest arrival is
current, released or not. A part that a correction replaced is never open; one whose correction is held waits for that
correction, which alone is released. A held part is judged again: within its limits now, it replaces the last good one.

Not from here: a part landed before raw text was kept, one whose source is read differently now (delimiter, encoding),
a contract that wants a column nobody kept. `c360 run` lands those again where the source is still there. A mapping
(`valueMapping`, `transformLogic`) sets nothing aside: the next build has it without any release.

Put here: which parts are landed again. Keep out: what is open, dropping it (quarantine.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from pipelines.ingest.disk import KEPT
from pipelines.ingest.enter import PartEntry
from pipelines.ingest.errors import LandingError
from pipelines.ingest.kept import read_kept
from pipelines.ingest.manifest import Deed, Manifest, Part
from quality.company import Company
from quality.contract import Contract


@dataclass(frozen=True)
class Released:
    """One part before, when it may have been held, and after."""

    before: Part
    after: Part

    @property
    def rows(self) -> int:
        """Rows that landed by it."""
        landed = 0 if self.before.state == "held" else self.before.landed
        return self.after.landed - landed

    @property
    def cells(self) -> int:
        """Cells of landed rows that are no longer null."""
        return self.before.cells - self.after.cells


@dataclass(frozen=True)
class ReleaseResult:
    """What one call of `release` did; `messages` say why a batch was left as it is, or is held."""

    released: list[Released]
    messages: list[str]


def release(
    contract: Contract,
    company: Company,
    batches: Collection[str],
    *,
    landing: Path,
    quarantine: Path,
    manifest: Manifest,
    env: Mapping[str, str],
    now: datetime,
    actor: str,
    reason: str,
) -> ReleaseResult:
    """Land these parts of one dataset again, from what is kept of them, under the contract as it is now.

    Args:
        batches: content hashes of parts; those no longer current or held are passed over.
        actor, reason: for the audit log, one entry per part, in the transaction that enters it.
    """
    entry = _Release(contract, company, landing, quarantine, manifest, env, (date.min, date.max), now)
    return entry.run(batches, actor, reason)


class _Release(PartEntry):
    """One call of `release`."""

    def run(self, batches: Collection[str], actor: str, reason: str) -> ReleaseResult:
        released = []
        with self._workshop():
            for part in [p for p in self.latest.values() if p.content_hash in batches]:
                try:
                    released += self._land_again(part, actor, reason)
                except LandingError as fault:
                    self._note(str(fault))
        return ReleaseResult(released, self.result.messages)

    def _land_again(self, part: Part, actor: str, reason: str) -> list[Released]:
        where = f"{part.dataset}:{part.content_hash[:12]} of {part.source_uri}"
        content_hash = self._content_hash(part.source_uri, part.source_hash)
        if part.state not in ("current", "held"):
            return []
        if part.state == "current" and part.content_hash == content_hash:
            self._note(f"{where}: no rule for its rows has changed since it landed")
            return []
        file = self.quarantine / part.dataset / f"arrived={part.arrived_on}" / f"{part.content_hash}{KEPT}"
        raw, latest_arrival = read_kept(self.con, self.contract, file, where)
        deed = Deed(actor, "quarantine release", f"{part.dataset}:{content_hash}", reason)
        self._land_part(part.source_uri, part.arrived_on, part.source_hash, raw, latest_arrival, deed)
        after = self.latest[part.source_uri]
        return [Released(part, after)] if after is not part and after.state == "current" else []
