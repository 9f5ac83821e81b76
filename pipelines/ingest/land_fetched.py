"""Landing what is asked for: rows of a database or an API, of which each cursor day is a part.

Put here: which days are due, and rows without a day. Keep out: asking (read_sql.py, read_api.py), files (land.py).
"""

from __future__ import annotations

import hashlib
import re
from datetime import date

import duckdb

from pipelines.ingest import read_api, read_sql
from pipelines.ingest.enter import PartEntry
from pipelines.ingest.errors import LandingError
from pipelines.ingest.manifest import Cursor, Part
from pipelines.ingest.raw import Raw

READERS = {"sql": read_sql, "api": read_api}
EMPTY = hashlib.md5(b"no rows").hexdigest()


class FetchedEntry(PartEntry):
    """One landing of a source which is asked for its rows; they are all there before the first part is entered."""

    def _land_fetched(self) -> None:
        contract, days = self.contract, None
        self._reader = READERS.get(contract.server.kind) or self._refuse()
        uri = self._reader.name_source(contract)
        known = self.manifest.cursor(contract.dataset) if contract.cursor else None
        if contract.cursor:
            days = (self._first_unread(known), self.last_day)
        fetched = self._reader.read_rows(self.con, contract, self.env, days)
        hashes = hash_days(self.con, fetched)
        if not contract.cursor or None in hashes:
            self._land_undated_rows(f"{uri}@none" if contract.cursor else uri, fetched, hashes.pop(None, EMPTY))
        for day, content in hashes.items():
            if not self._is_unchanged(f"{uri}@{day}", content):
                raw = self._reader.take_rows(self.con, contract, fetched, day)
                self._land_part(f"{uri}@{day}", day, content, raw, day)
        if hashes:
            read = Cursor(self.fingerprint, self.first_day, max(hashes))
            self.manifest.move_cursor(contract.dataset, known.extend(read) if known else read)

    def _refuse(self):
        raise LandingError(
            f"{self.contract.dataset}: sources of kind {self.contract.server.kind!r} cannot be landed; allowed: files, "
            f"SQL databases and REST APIs; correct servers[0] in {self.contract.file.name}"
        )

    def _first_unread(self, known: Cursor | None) -> date:
        """The first day to read: the last one read before, when all from first_day on were; else first_day.

        Days whose part is held are read again: the contract's limits may have changed.
        """
        if not known or known.fingerprint != self.fingerprint:
            return self.first_day
        if not known.first_day <= self.first_day <= known.last_day <= self.last_day:
            return self.first_day
        held = [p.arrived_on for p in self.latest.values() if p.state == "held" and p.arrived_on >= self.first_day]
        return min([known.last_day, *held])

    def _land_undated_rows(self, uri: str, fetched: Raw, content: str) -> None:
        """Rows of no cursor day: they arrive now; of a snapshot dataset each new content is a part of its own."""
        today = self.at.date()
        if not self.first_day <= today <= self.last_day:
            return
        last = self._last_of(uri)
        day = last.arrived_on if last and last.source_hash == content else today
        part_uri = f"{uri}@{day}" if self.contract.load_mode == "snapshot" else uri
        if not self._is_unchanged(part_uri, content):
            raw = self._reader.take_rows(self.con, self.contract, fetched, None)
            self._land_part(part_uri, day, content, raw, self._last_at_company(part_uri, day, content))

    def _last_at_company(self, uri: str, day: date, content: str) -> date:
        """The day a content without a date of its own was at the company at the latest: when it first came."""
        return max(day, self.first_seen.get((uri, content), self.at).date())

    def _last_of(self, uri: str) -> Part | None:
        """The last part of a source without a date, under its own source_uri or one of its days'."""
        parts = [
            p for u, p in list(self.latest.items()) if u == uri or re.fullmatch(re.escape(uri) + r"@\d{4}-\d\d-\d\d", u)
        ]
        return max(parts, key=lambda p: p.part_seq, default=None)


def hash_days(con: duckdb.DuckDBPyConnection, raw: Raw) -> dict[date | None, str]:
    """Content of each day of table `fetched`: 32 hex digits which depend on the rows, and not on their order."""
    rows = con.execute(
        "select try_cast(day as date), md5(concat_ws('|', count(*), sum(md5_number_upper(r)::hugeint), "
        f"sum(md5_number_lower(r)::hugeint))) from (select day, {raw.whole} as r from fetched) group by all order by 1"
    ).fetchall()
    return dict(rows)
