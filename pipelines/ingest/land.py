"""Landing: every source part of a dataset that is due becomes Parquet, typed by its contract.

A part is written to a temporary file, moved into place, and only then entered in the manifest, so that whatever goes
wrong leaves landed parts as they were. Parquet of a replaced or withdrawn part is renamed (`….parquet.replaced`,
`….parquet.withdrawn`), so that `landing/<dataset>/**/*.parquet` is what is current.

Put here: which files are due. Keep out: databases and APIs (land_fetched.py), reading (read_*.py), typing and rules
(stage.py), what becomes of a part (enter.py), Dagster.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import date, datetime
from functools import partial
from itertools import cycle
from pathlib import Path

from pipelines.ingest.bench import Bench
from pipelines.ingest.disk import retire
from pipelines.ingest.enter import LandResult
from pipelines.ingest.errors import LandingError, OutageError
from pipelines.ingest.files import Look, SourceFile, find_files, find_unsettled
from pipelines.ingest.land_fetched import FetchedEntry
from pipelines.ingest.manifest import Manifest, Part
from pipelines.ingest.outage import Patience
from pipelines.ingest.raw import Raw
from pipelines.ingest.read_table import read_json, read_parquet, read_xlsx
from pipelines.ingest.read_text import open_plain, read_csv, read_jsonl
from quality.company import Company
from quality.contract import Contract, ContractError

TEXT_READERS = {"csv": read_csv, "jsonl": read_jsonl, "json": read_json}
BINARY_READERS = {"parquet": read_parquet, "xlsx": read_xlsx}
Turn = Callable[[], None]  # what is left to do with a file once all before it are done


def land(
    contract: Contract,
    company: Company,
    *,
    landing: Path,
    quarantine: Path,
    manifest: Manifest,
    env: Mapping[str, str],
    first_day: date,
    last_day: date,
    now: datetime,
) -> LandResult:
    """Land every source part of one dataset whose arrival day is in [first_day, last_day].

    Landing the same content again has no effect; a source with new content replaces its part; a source that vanished
    stays landed. A batch over its error rate, or one an error rule blocks, is held: the last good part stays current.

    Args:
        landing, quarantine: the folders of the home; parts go to `<dataset>/arrived=YYYY-MM-DD/<content hash>.parquet`.
        env: replaces `${VAR}` in the contract's location; C360_MEMORY_LIMIT (default 2GB) bounds DuckDB.
        now: the moment of landing, and the arrival of a source without a date; UTC when it has no zone.
    Raises:
        LandingError: a source that is out or not there, empty, truncated or of wrong columns, after all others have
            landed; its `result` is what did.
    """
    return _Landing(contract, company, landing, quarantine, manifest, env, (first_day, last_day), now).run()


def withdraw(manifest: Manifest, landing: Path, dataset: str, source_uri: str, *, reason: str, actor: str) -> Part:
    """Take one landed part back: state withdrawn, an audit entry, its Parquet out of the readers' sight.

    Raises:
        LandingError: the source has no current part.
    """
    part = manifest.withdraw(dataset, source_uri, reason=reason, actor=actor)
    retire(landing, part, "withdrawn")
    return part


class _Landing(FetchedEntry):
    """One call of `land`: its connection, its folders, and what it did so far."""

    def run(self) -> LandResult:
        self._note_outcome(failed=True)  # until proved otherwise: a killed landing counts as failed, too
        with self._workshop():
            try:
                self._land_files() if self.contract.server.kind == "file" else self._land_fetched()
            except (LandingError, ContractError) as fault:
                self.faults.append(str(fault))
        if self.faults:
            raise LandingError("\n".join(self.faults), self.result)
        self._note_outcome(failed=False)
        return self.result

    def _note_outcome(self, *, failed: bool) -> None:
        self.manifest.note_landing(self.contract.dataset, self.first_day, self.last_day, failed=failed)

    def _land_files(self) -> None:
        sources = find_files(self.contract, self.env)
        if not sources:
            self._miss_files()
        unsettled = find_unsettled(sources, Patience.from_env(self.env).settle)
        with closing(self._read_ahead(sources, unsettled)) as coming:
            for made in coming:
                try:
                    made.result()()
                except OutageError as fault:  # each of the others would be waited for as long
                    self.faults.append(str(fault))
                    break
                except LandingError as fault:
                    self.faults.append(str(fault))

    def _read_ahead(self, sources: list[SourceFile], unsettled: Mapping[str, Look]) -> Iterator[Future[Turn]]:
        """Every source in its order, each read while those before it are entered: one more than there are threads."""
        threads = int(self.env.get("C360_THREADS") or os.cpu_count() or 2)
        benches = [self.bench, *map(self._open_bench, range(1, min(threads + 1, len(sources))))]
        coming: deque[Future[Turn]] = deque()
        with ThreadPoolExecutor(len(benches), "landing") as pool:
            for source, bench in zip(sources, cycle(benches), strict=False):
                if len(coming) == len(benches):
                    yield coming.popleft()  # once entered, its bench is free
                coming.append(pool.submit(self._make_settled, bench, source, unsettled.get(source.uri)))
            while coming:
                yield coming.popleft()

    def _make_settled(self, bench: Bench, source: SourceFile, look: Look | None) -> Turn:
        """Make the part of a file that is due, unless somebody writes it between its first look and the end of reading.

        Returns:
            what is left to do when its turn comes.
        """
        look = look or source.look()
        try:
            now, turn = self._make(bench, source, look)
        except (LandingError, FileNotFoundError):
            now, turn = source.look(), None
            if now == look:
                raise
        return turn if now == look and turn else partial(self._leave_unfinished, source, look, now)

    def _leave_unfinished(self, source: SourceFile, look: Look | None, now: Look | None) -> None:
        self._count("unfinished")
        self._note(f"{source.uri}: still being written: {_bytes(look)}, then {_bytes(now)}; left for the next run")

    def _miss_files(self) -> None:
        """Nothing matches: an emptied inbox where parts landed before, which stay; else a wrong or early contract."""
        where = f"{self.contract.dataset}: no file matches {self.contract.server.location!r}"
        if not self.latest:
            key = "location" if self.contract.server.location.startswith("s3://") else "path"
            raise LandingError(f"{where}; put one there, or correct `{key}` in {self.contract.file.name}")
        self._note(f"{where}; {len(self.current)} parts landed before stay until `c360 withdraw`")

    def _place(self, source: SourceFile) -> tuple[str, date, str] | None:
        """source_uri, arrival day and content of a file that is due; None for one that is not."""
        if source.day:
            due = self.first_day <= source.day <= self.last_day
            return (source.uri, source.day, self._hash(source)) if due else None
        today = self.at.date()
        last = self._last_of(source.uri)
        due_today = self.first_day <= today <= self.last_day
        if not due_today and not (last and self.first_day <= last.arrived_on <= self.last_day):
            return None
        content = self._hash(source)
        if self.contract.load_mode != "snapshot":
            return source.uri, last.arrived_on if last else today, content
        if last and last.source_hash == content:
            return last.source_uri, last.arrived_on, content
        return (f"{source.uri}@{today}", today, content) if due_today else None

    def _make(self, bench: Bench, source: SourceFile, look: Look | None) -> tuple[Look | None, Turn]:
        """Make the part of a file if it is due, and still what it was at its first look.

        Returns:
            the last look, and what is left to do if it is the same.
        """
        now = source.look()
        place = self._place(source) if now == look else None
        if not place:
            return now, _do_nothing
        uri, day, content = place
        if self._is_known(uri, content):
            return now, partial(self._pass_over, uri, content)
        raw, now = self._read_file(bench, source), source.look()
        if now != look:
            return now, _do_nothing
        latest = day if source.day else self._last_at_company(uri, day, content)
        return now, partial(self._enter, self._stage(bench, uri, day, content, raw, latest))

    def _hash(self, source: SourceFile) -> str:
        try:
            return source.hash()
        except OSError as fault:
            raise LandingError(
                f"{self.contract.dataset}: {source.uri}: cannot be read ({type(fault).__name__}); check its "
                "permissions and its disk"
            ) from fault

    def _read_file(self, bench: Bench, source: SourceFile) -> Raw:
        where = f"{self.contract.dataset}: {source.uri}"
        kind = self.contract.server.format
        file = source.fetch(bench.work)
        if file.stat().st_size == 0:
            raise LandingError(
                f"{where}: empty file, 0 bytes; expected a header or rows; deliver it again, or remove it"
            )
        if kind in TEXT_READERS:
            plain = open_plain(file, self.contract.server.encoding, bench.work, where)
            return TEXT_READERS[kind](bench.con, self.contract, plain, where)
        if kind in BINARY_READERS:
            return BINARY_READERS[kind](bench.con, self.contract, file, where)
        raise LandingError(
            f"{where}: format {kind!r} cannot be read; allowed: {', '.join([*TEXT_READERS, *BINARY_READERS])}; "
            f"correct `format` in {self.contract.file.name}"
        )


def _bytes(look: Look | None) -> str:
    return f"{look.size} bytes" if look else "gone"


def _do_nothing() -> None:
    """The turn of a file that is not due."""
