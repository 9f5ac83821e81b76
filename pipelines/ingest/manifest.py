"""The manifest: one row per landed part, how far each SQL source was read, and which landings failed since.

Put here: the tables parts, cursors and faults, and the transactions which change them.
Keep out: reading sources and writing Parquet (land.py); the audit table itself (pipelines/audit.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pyarrow as pa
import sqlalchemy as sa

from pipelines import audit
from pipelines.ingest.errors import LandingError
from pipelines.state import open_state, write_state

METADATA = sa.MetaData()
PARTS = sa.Table(
    "parts",
    METADATA,
    sa.Column("part_seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("dataset", sa.Text, nullable=False, index=True),
    sa.Column("source_uri", sa.Text, nullable=False),
    sa.Column("content_hash", sa.String(32), nullable=False),
    sa.Column("source_hash", sa.String(32), nullable=False),
    sa.Column("arrived_on", sa.Date, nullable=False),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("received", sa.BigInteger, nullable=False),
    sa.Column("landed", sa.BigInteger, nullable=False),
    sa.Column("quarantined", sa.BigInteger, nullable=False),
    sa.Column("cells", sa.BigInteger, nullable=False),
    sa.Column("landed_at", sa.DateTime, nullable=False),
)
CURSORS = sa.Table(
    "cursors",
    METADATA,
    sa.Column("dataset", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.String(32), nullable=False),
    sa.Column("first_day", sa.Date, nullable=False),
    sa.Column("last_day", sa.Date, nullable=False),
)
FAULTS = sa.Table(
    "faults",
    METADATA,
    sa.Column("dataset", sa.Text, primary_key=True),
    sa.Column("first_day", sa.Date, primary_key=True),
    sa.Column("last_day", sa.Date, primary_key=True),
)
# The columns of control.parts (docs/architecture.md), in order.
ARROW_SCHEMA = pa.schema(
    [
        ("part_seq", pa.int64()),
        ("arrived_seq", pa.int64()),
        ("dataset", pa.string()),
        ("source_uri", pa.string()),
        ("content_hash", pa.string()),
        ("arrived_on", pa.date32()),
        ("state", pa.string()),
        ("received", pa.int64()),
        ("landed", pa.int64()),
        ("quarantined", pa.int64()),
        ("cells", pa.int64()),
        ("landed_at", pa.timestamp("us")),
    ]
)


@dataclass(frozen=True)
class Part:
    """One landed part. `content_hash` covers source content, source_uri and the landing side of the contract;
    `source_hash` the source content alone; counts are rows, `cells` are nulled cells of landed rows."""

    part_seq: int
    dataset: str
    source_uri: str
    content_hash: str
    source_hash: str
    arrived_on: date
    state: str  # current | replaced | withdrawn | held
    received: int
    landed: int
    quarantined: int
    cells: int
    landed_at: datetime  # UTC, without zone


@dataclass(frozen=True)
class Cursor:
    """The days of a SQL source which were read without a gap, and under which contract fingerprint."""

    fingerprint: str
    first_day: date
    last_day: date

    def extend(self, read: Cursor) -> Cursor:
        """This cursor after `read`: days which touch are joined; of two stretches apart the later one is kept."""
        if read.fingerprint != self.fingerprint or read.first_day > self.last_day + timedelta(days=1):
            return read
        if read.last_day < self.first_day - timedelta(days=1):
            return self
        return Cursor(self.fingerprint, min(self.first_day, read.first_day), max(self.last_day, read.last_day))


@dataclass(frozen=True)
class Deed:
    """Who did what to which part, and why: an entry of the audit log."""

    actor: str
    action: str
    object: str
    reason: str


class Manifest:
    """The landed parts of one home. Every write is one transaction; writers of all processes take turns."""

    def __init__(self, state_url: str):
        """Open the state database, making its tables where they are missing.

        Args:
            state_url: a SQLAlchemy URL; SQLite (`sqlite:///<home>/state.db`) or PostgreSQL.
        """
        self.engine = open_state(state_url, METADATA, audit.METADATA)

    def current(self, dataset: str | None = None) -> list[Part]:
        """Parts in state current, oldest first; of one dataset when given."""
        return [p for p in self.parts(dataset) if p.state == "current"]

    def parts(self, dataset: str | None = None) -> list[Part]:
        """Parts in every state, oldest first; of one dataset when given."""
        query = sa.select(PARTS).order_by(PARTS.c.part_seq)
        if dataset:
            query = query.where(PARTS.c.dataset == dataset)
        with self.engine.connect() as con:
            return [Part(**row) for row in con.execute(query).mappings()]

    def arrow(self) -> pa.Table:
        """Every part, in every state, as the rows of control.parts.

        `arrived_seq` is the number under which a source's content came first: landing the same content again, under
        another contract, is no later arrival, and takes no precedence over what came after it.
        """
        of_source = {"partition_by": (PARTS.c.dataset, PARTS.c.source_uri), "order_by": PARTS.c.part_seq}
        before = sa.func.lag(PARTS.c.source_hash).over(**of_source)
        came = sa.case((before.is_distinct_from(PARTS.c.source_hash), PARTS.c.part_seq))
        parts = sa.select(PARTS, came.label("came")).subquery()
        of_source = {"partition_by": (parts.c.dataset, parts.c.source_uri), "order_by": parts.c.part_seq}
        arrived = sa.func.max(parts.c.came).over(**of_source).label("arrived_seq")
        told = [arrived if name == "arrived_seq" else parts.c[name] for name in ARROW_SCHEMA.names]
        query = sa.select(*told).order_by(parts.c.part_seq)
        with self.engine.connect() as con:
            return pa.Table.from_pylist([dict(r) for r in con.execute(query).mappings()], schema=ARROW_SCHEMA)

    def add(
        self,
        *,
        dataset: str,
        source_uri: str,
        content_hash: str,
        source_hash: str,
        arrived_on: date,
        state: str,
        received: int,
        landed: int,
        quarantined: int,
        cells: int,
        landed_at: datetime,
        write: Callable[[int], None] = lambda part_seq: None,
        deed: Deed | None = None,
        supersedes: Part | None = None,
    ) -> Part:
        """Add a part under the next part_seq; a current one replaces the current part of its source_uri.

        `write` makes the part's files for that part_seq before the manifest knows of them: a crash or an error in it
        leaves at most a file nobody refers to, and no gap in part_seq.

        Args:
            state: current or held.
            deed: what somebody did by it, for the audit log.
            supersedes: the part which must still be the last of its source.
        Returns:
            The part as stored.
        Raises:
            LandingError: another part of this source came meanwhile.
        """
        where = (PARTS.c.dataset == dataset) & (PARTS.c.source_uri == source_uri)
        superseded = ("current", "held") if state == "current" else ("held",)
        with write_state(self.engine) as con:
            if supersedes:
                last = con.execute(
                    sa.select(PARTS.c.part_seq, PARTS.c.state).where(where).order_by(PARTS.c.part_seq.desc())
                ).first()
                if last != (supersedes.part_seq, supersedes.state):
                    raise LandingError(f"{dataset}: {source_uri}: landed or withdrawn meanwhile; look at it again")
            part_seq = (con.execute(sa.select(sa.func.max(PARTS.c.part_seq))).scalar() or 0) + 1
            write(part_seq)
            con.execute(PARTS.update().where(where & PARTS.c.state.in_(superseded)).values(state="replaced"))
            part = Part(
                part_seq=part_seq,
                dataset=dataset,
                source_uri=source_uri,
                content_hash=content_hash,
                source_hash=source_hash,
                arrived_on=arrived_on,
                state=state,
                received=received,
                landed=landed,
                quarantined=quarantined,
                cells=cells,
                landed_at=landed_at,
            )
            con.execute(PARTS.insert().values(**part.__dict__))
            if deed:
                audit.record(con, **deed.__dict__)
        return part

    def withdraw(self, dataset: str, source_uri: str, *, reason: str, actor: str) -> Part:
        """Take the current part of a source out of the current state, with an entry in the audit log.

        Its content stays out, also when it is still there at the next landing; a corrected file lands again.

        Returns:
            The part, now in state withdrawn.
        Raises:
            LandingError: no current part of this dataset has this source_uri.
            ValueError: reason or actor is empty.
        """
        with write_state(self.engine) as con:
            current = (PARTS.c.dataset == dataset) & (PARTS.c.state == "current")
            query = sa.select(PARTS).where(current & (PARTS.c.source_uri == source_uri))
            row = con.execute(query).mappings().first()
            if row is None:
                known = con.execute(sa.select(PARTS.c.source_uri).where(current).order_by(PARTS.c.source_uri)).scalars()
                seen = list(known)
                raise LandingError(
                    f"{dataset}: no current part of {source_uri!r} to withdraw; {len(seen)} current parts"
                    + (f", such as {', '.join(seen[:3])}" if seen else "")
                    + "; name one of `c360 status`"
                )
            con.execute(PARTS.update().where(PARTS.c.part_seq == row["part_seq"]).values(state="withdrawn"))
            audit.record(con, actor=actor, action="withdraw", object=f"{dataset}:{source_uri}", reason=reason)
        return Part(**{**row, "state": "withdrawn"})

    @contextmanager
    def hold(self, dataset: str) -> Iterator[list[Part]]:
        """Keep every other writer waiting, and yield the dataset's parts: nobody is between a file and its entry."""
        query = sa.select(PARTS).where(PARTS.c.dataset == dataset).order_by(PARTS.c.part_seq)
        with write_state(self.engine) as con:
            yield [Part(**row) for row in con.execute(query).mappings()]

    def cursor(self, dataset: str) -> Cursor | None:
        """How far a SQL source was read; None when it never was."""
        with self.engine.connect() as con:
            row = con.execute(sa.select(CURSORS).where(CURSORS.c.dataset == dataset)).mappings().first()
        return Cursor(row["fingerprint"], row["first_day"], row["last_day"]) if row else None

    def move_cursor(self, dataset: str, cursor: Cursor) -> None:
        """Store how far a SQL source was read."""
        with write_state(self.engine) as con:
            con.execute(CURSORS.delete().where(CURSORS.c.dataset == dataset))
            con.execute(CURSORS.insert().values(dataset=dataset, **cursor.__dict__))

    def note_landing(self, dataset: str, first_day: date, last_day: date, *, failed: bool) -> None:
        """Remember that landing these days failed, or, once it succeeds, forget every failure among them."""
        days = (FAULTS.c.first_day >= first_day) & (FAULTS.c.last_day <= last_day)
        with write_state(self.engine) as con:
            con.execute(FAULTS.delete().where((FAULTS.c.dataset == dataset) & days))
            if failed:
                con.execute(FAULTS.insert().values(dataset=dataset, first_day=first_day, last_day=last_day))

    def failed_datasets(self) -> set[str]:
        """Datasets some days of which failed to land and have not landed since."""
        with self.engine.connect() as con:
            return set(con.execute(sa.select(FAULTS.c.dataset)).scalars())
