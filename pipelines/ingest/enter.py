"""Entering parts: what is staged becomes the current part of its source, a held one, or nothing new.

Put here: unchanged, replaced, held; the order of file and manifest; what a landing reports.
Keep out: which sources are due (land.py), what comes before a part's entry (bench.py), the tables (manifest.py).
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date
from pathlib import Path

import duckdb

from pipelines.ingest.bench import Bench, StagedPart, stage_part
from pipelines.ingest.cells import landing_facts
from pipelines.ingest.disk import KEPT, clear_remains, move_into_place, open_work, retire
from pipelines.ingest.manifest import Deed
from pipelines.ingest.raw import Raw
from pipelines.ingest.stage import QUARANTINE, PartFacts, landed_types, write_empty

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class LandResult:
    """What one call of `land` did to one dataset.

    new, replaced (a corrected source), unchanged (no effect) and held_parts count parts, unfinished the files left for
    the next run because they were being written. received, landed, quarantined count rows of the new and replaced ones
    (received = landed + quarantined), `cells` the nulled cells of landed rows, `bytes` their
    Parquet.
    held: a batch of this call is over a limit, now or still; why is in `messages`. days: arrival days which changed.
    drift: columns of new and replaced parts that the contract does not name.
    """

    dataset: str
    new: int = 0
    replaced: int = 0
    unchanged: int = 0
    held_parts: int = 0
    unfinished: int = 0
    received: int = 0
    landed: int = 0
    quarantined: int = 0
    cells: int = 0
    bytes: int = 0
    held: bool = False
    days: list[date] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    drift: list[str] = field(default_factory=list)


class PartEntry:
    """One landing of one dataset: its parts as the manifest has them, and what became of each source part.

    Parts are entered within `_workshop`, which opens `con` (a connection) and `work` (a folder on the home's disk), the
    landing's own `bench`.
    """

    con: duckdb.DuckDBPyConnection
    work: Path
    bench: Bench

    def __init__(self, contract, company, landing, quarantine, manifest, env, days, now):
        self.contract, self.manifest, self.env = contract, manifest, env
        self.first_day, self.last_day = days
        self.landing, self.quarantine = landing, quarantine
        self.at = now.astimezone(UTC).replace(tzinfo=None) if now.tzinfo else now
        self.error_rate = company.error_rate if contract.error_rate is None else contract.error_rate
        facts = json.dumps(landing_facts(contract), sort_keys=True, default=str)
        self.fingerprint = hashlib.md5(facts.encode()).hexdigest()
        self.result = LandResult(contract.dataset)
        self.faults: list[str] = []
        parts = manifest.parts(contract.dataset)
        self.latest = {p.source_uri: p for p in parts}
        self.current = {p.source_uri: p for p in parts if p.state == "current"}
        self.first_seen = {(p.source_uri, p.source_hash): p.landed_at for p in reversed(parts)}

    @contextmanager
    def _workshop(self) -> Iterator[None]:
        dataset = self.contract.dataset
        self.landing.mkdir(parents=True, exist_ok=True)
        with self.manifest.hold(dataset) as parts:
            clear_remains(self.landing, self.quarantine, dataset, parts)
            self.work, lock = open_work(self.landing, dataset)
        try:
            with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as self.con:
                self.con.execute(f"set memory_limit = '{self.env.get('C360_MEMORY_LIMIT', '2GB')}'")
                self.con.execute(f"set temp_directory = '{self.work / 'spill'}'")
                self.bench = _set_up(Bench(self.con, self.work))
                self._write_schemas()
                yield
        finally:
            shutil.rmtree(self.work, ignore_errors=True)
            os.close(lock)

    def _open_bench(self, number: int) -> Bench:
        """One more bench; all of them share the engine's memory."""
        work = self.work / f"bench-{number}"
        work.mkdir()
        return _set_up(Bench(self.con.cursor(), work))

    def _content_hash(self, uri: str, content: str) -> str:
        return hashlib.md5(f"{content}|{uri}|{self.fingerprint}".encode()).hexdigest()

    def _is_unchanged(self, uri: str, content: str) -> bool:
        """Whether landing this content has no effect; if so it is counted."""
        if unchanged := self._is_known(uri, content):
            self._pass_over(uri, content)
        return unchanged

    def _is_known(self, uri: str, content: str) -> bool:
        current = self.current.get(uri)
        is_current = current is not None and current.content_hash == self._content_hash(uri, content)
        return is_current or self._is_withdrawn(uri, content)

    def _is_withdrawn(self, uri: str, content: str) -> bool:
        last = self.latest.get(uri)
        return last is not None and last.state == "withdrawn" and last.source_hash == content

    def _pass_over(self, uri: str, content: str) -> None:
        if self._is_withdrawn(uri, content):
            self._note(f"{uri}: withdrawn; the same content stays out")
        self._count("unchanged")

    def _land_part(
        self, uri: str, day: date, content: str, raw: Raw, latest_arrival: date, deed: Deed | None = None
    ) -> None:
        """Stage table `raw` of the own bench and enter it as the current part of `uri`, or as a held one."""
        self._enter(self._stage(self.bench, uri, day, content, raw, latest_arrival), deed)

    def _stage(self, bench: Bench, uri: str, day: date, content: str, raw: Raw, latest_arrival: date) -> StagedPart:
        """Stage table `raw` of a bench. Nothing here changes what the landing knows: benches work side by side."""
        facts = PartFacts(self.contract.dataset, self._content_hash(uri, content), uri, day, self.at)
        return stage_part(bench, self.contract, raw, facts, content, latest_arrival, self.error_rate)

    def _enter(self, made: StagedPart, deed: Deed | None = None) -> None:
        """Enter what is staged as the current part of its source, or as a held one; part after part, in their order."""
        facts, staged, uri = made.facts, made.staged, made.facts.source_uri
        held, last = bool(staged.blocking), self.latest.get(uri)
        self._note(*(f"{uri}: {text}" for text in staged.warnings))
        if made.raw.drift:
            self._note(f"{uri}: columns the contract does not name: {', '.join(made.raw.drift)}")
            self.result = replace(self.result, drift=sorted({*self.result.drift, *made.raw.drift}))
        if held:
            self.result = replace(self.result, held=True)
            self._note(*(f"{uri}: held: {text}" for text in staged.blocking))
            if last and last.state == "held" and last.content_hash == facts.content_hash:
                self._count("unchanged")
                return
        place = Path(facts.dataset, f"arrived={facts.arrived_on}", f"{facts.content_hash}.parquet")
        landed_file = self.landing / place

        def write(part_seq: int) -> None:
            if made.kept:
                move_into_place(made.kept, (self.quarantine / place).with_suffix(KEPT))
            if made.rejected:
                move_into_place(made.rejected, self.quarantine / place)
            if not held:
                move_into_place(made.write_landed(self.contract, part_seq), landed_file)

        part = self.manifest.add(
            dataset=facts.dataset,
            source_uri=uri,
            content_hash=facts.content_hash,
            source_hash=made.source_hash,
            arrived_on=facts.arrived_on,
            state="held" if held else "current",
            received=staged.received,
            landed=staged.landed,
            quarantined=staged.quarantined,
            cells=staged.cells,
            landed_at=self.at,
            write=write,
            deed=None if held else deed,
            supersedes=last if deed else None,
        )
        replaced = None if held else self.current.get(uri)
        self.latest[uri] = part
        told = {
            "asset": f"landing/{facts.dataset}",
            "source_uri": uri,
            "figures": {"part": part.part_seq, "rows": part.received},
        }
        LOG.info("a part is held" if held else "a part has landed", extra=told)
        if held:
            self._count("held_parts")
            return
        self.current[uri] = part
        if replaced and replaced.content_hash != facts.content_hash:
            retire(self.landing, replaced, "replaced")
        self._count("replaced" if replaced else "new")
        self.result = replace(
            self.result,
            received=self.result.received + part.received,
            landed=self.result.landed + part.landed,
            quarantined=self.result.quarantined + part.quarantined,
            cells=self.result.cells + part.cells,
            bytes=self.result.bytes + landed_file.stat().st_size,
            days=sorted({*self.result.days, facts.arrived_on}),
        )

    def _count(self, outcome: str) -> None:
        self.result = replace(self.result, **{outcome: getattr(self.result, outcome) + 1})

    def _note(self, *messages: str) -> None:
        self.result = replace(self.result, messages=[*self.result.messages, *messages])

    def _write_schemas(self) -> None:
        """schema.parquet of both folders, so that a dataset without a part can be read too."""
        for folder, types in ((self.landing, landed_types(self.contract)), (self.quarantine, QUARANTINE)):
            empty, place = self.work / "schema.parquet", folder / self.contract.dataset / "schema.parquet"
            write_empty(self.con, types, empty)
            if not (place.is_file() and place.read_bytes() == empty.read_bytes()):
                move_into_place(empty, place)


def _set_up(bench: Bench) -> Bench:
    bench.con.execute("set TimeZone = 'UTC'")  # each connection has its own
    return bench
