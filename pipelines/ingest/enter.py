"""Entering parts: what is staged becomes the current part of its source, a held one, or nothing new.

Put here: unchanged, replaced, held; the order of file and manifest; what a landing reports.
Keep out: which sources are due (land.py), typing (stage.py), the tables themselves (manifest.py).
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

from pipelines.ingest.cells import landing_facts
from pipelines.ingest.disk import KEPT, clear_remains, move_into_place, open_work, retire
from pipelines.ingest.errors import LandingError
from pipelines.ingest.kept import write_kept
from pipelines.ingest.manifest import Deed
from pipelines.ingest.raw import Raw
from pipelines.ingest.stage import (
    QUARANTINE,
    PartFacts,
    landed_types,
    stage,
    write_empty,
    write_landed,
    write_quarantine,
)

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

    Parts are entered within `_workshop`, which opens `con` (a connection) and `work` (a folder on the home's disk).
    """

    con: duckdb.DuckDBPyConnection
    work: Path

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
                self.con.execute("set TimeZone = 'UTC'")
                self._write_schemas()
                yield
        finally:
            shutil.rmtree(self.work, ignore_errors=True)
            os.close(lock)

    def _content_hash(self, uri: str, content: str) -> str:
        return hashlib.md5(f"{content}|{uri}|{self.fingerprint}".encode()).hexdigest()

    def _is_unchanged(self, uri: str, content: str) -> bool:
        last, current = self.latest.get(uri), self.current.get(uri)
        withdrawn = last is not None and last.state == "withdrawn" and last.source_hash == content
        if withdrawn:
            self._note(f"{uri}: withdrawn; the same content stays out")
        unchanged = withdrawn or (current is not None and current.content_hash == self._content_hash(uri, content))
        if unchanged:
            self._count("unchanged")
        return unchanged

    def _land_part(
        self,
        uri: str,
        day: date,
        content: str,
        raw: Raw,
        latest_arrival: date,
        deed: Deed | None = None,
    ) -> None:
        """Stage table `raw` and enter it as the current part of `uri`, or as a held one."""
        contract, content_hash = self.contract, self._content_hash(uri, content)
        try:
            staged = stage(self.con, contract, raw, latest_arrival=latest_arrival, error_rate=self.error_rate)
        except duckdb.Error as fault:
            # A message about SQL quotes the contract; one about data may quote a customer's value.
            about_sql = isinstance(fault, duckdb.ParserException | duckdb.BinderException | duckdb.CatalogException)
            seen = str(fault).splitlines()[0] if about_sql else type(fault).__name__
            raise LandingError(
                f"{contract.dataset}: {uri}: typing or a rule failed: {seen}; correct formats, patterns, time "
                f"zones and SQL rules in {contract.file.name}"
            ) from None
        held, last = bool(staged.blocking), self.latest.get(uri)
        self._note(*(f"{uri}: {text}" for text in staged.warnings))
        if raw.drift:
            self._note(f"{uri}: columns the contract does not name: {', '.join(raw.drift)}")
            self.result = replace(self.result, drift=sorted({*self.result.drift, *raw.drift}))
        if held:
            self.result = replace(self.result, held=True)
            self._note(*(f"{uri}: held: {text}" for text in staged.blocking))
            if last and last.state == "held" and last.content_hash == content_hash:
                self._count("unchanged")
                return
        facts = PartFacts(contract.dataset, content_hash, uri, day, self.at)
        place = Path(contract.dataset, f"arrived={day}", f"{content_hash}.parquet")
        landed_file = self.landing / place

        def write(part_seq: int) -> None:
            if held or staged.quarantined or staged.cells:
                kept = self.work / f"kept{KEPT}"
                write_kept(self.con, contract, raw, latest_arrival, kept)
                move_into_place(kept, (self.quarantine / place).with_suffix(KEPT))
            if staged.quarantined or staged.cells:
                rejected = self.work / "quarantine.parquet"
                write_quarantine(self.con, contract, raw, facts, rejected)
                move_into_place(rejected, self.quarantine / place)
            if not held:
                rows = self.work / "landed.parquet"
                write_landed(self.con, contract, facts, part_seq, rows)
                move_into_place(rows, landed_file)

        part = self.manifest.add(
            dataset=contract.dataset,
            source_uri=uri,
            content_hash=content_hash,
            source_hash=content,
            arrived_on=day,
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
            "asset": f"landing/{contract.dataset}",
            "source_uri": uri,
            "figures": {"part": part.part_seq, "rows": part.received},
        }
        LOG.info("a part is held" if held else "a part has landed", extra=told)
        if held:
            self._count("held_parts")
            return
        self.current[uri] = part
        if replaced and replaced.content_hash != content_hash:
            retire(self.landing, replaced, "replaced")
        self._count("replaced" if replaced else "new")
        self.result = replace(
            self.result,
            received=self.result.received + part.received,
            landed=self.result.landed + part.landed,
            quarantined=self.result.quarantined + part.quarantined,
            cells=self.result.cells + part.cells,
            bytes=self.result.bytes + landed_file.stat().st_size,
            days=sorted({*self.result.days, day}),
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
