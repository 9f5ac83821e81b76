"""What is in quarantine, and what was dropped of it on purpose.

A failure (a rule that failed on a row, a cell or a line) is `open` while its part is current, `held` while its part is
held back, and `dropped` once somebody said that it is known and nothing is to be done. A drop is about the failures of
one content of a source under one rule: landed again under another contract, what fails that rule still is dropped, and
a row that passes lands. Dropped rows stay counted as quarantined, so received = landed + quarantined holds without
exception, and `dropped` says how many of the quarantined nobody waits for: the rows all of whose failures are. Nothing
is deleted by it: the bytes stay for as long as the part's.

Put here: reading quarantine, the table of drops. Keep out: landing a part again (release.py), how it is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from pipelines import audit
from pipelines.ingest.cells import quote
from pipelines.ingest.errors import LandingError
from pipelines.ingest.manifest import PARTS, Manifest
from pipelines.ingest.stage import QUARANTINE
from pipelines.state import write_state
from quality.storage import opening

METADATA = sa.MetaData()
DROPS = sa.Table(
    "quarantine_drops",
    METADATA,
    sa.Column("dataset", sa.Text, primary_key=True),
    sa.Column("source_uri", sa.Text, primary_key=True),
    sa.Column("source_hash", sa.String(32), primary_key=True),
    sa.Column("rule_id", sa.Text, primary_key=True),
    sa.Column("at", sa.DateTime, nullable=False),
)
LIVE = ("current", "held")


@dataclass(frozen=True)
class Choice:
    """Which failures are meant: of one dataset, one batch (the first digits of its content hash do), one rule."""

    dataset: str | None = None
    batch: str | None = None
    rule: str | None = None

    @property
    def where(self) -> str:
        """As a condition on `failures`."""
        parts = [f"dataset = {quote(self.dataset)}"] if self.dataset else []
        parts += [f"starts_with(batch_id, {quote(self.batch)})"] if self.batch else []
        parts += [f"rule_id = {quote(self.rule)}"] if self.rule else []
        return " and ".join(parts) or "true"


@contextmanager
def open_quarantine(
    manifest: Manifest, quarantine: Path, dataset: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory with what is in quarantine now.

    `failures`: one row per failed rule of a part that is current or held: the columns of a quarantine part
    (docs/architecture.md), `source_hash`, `state` (open | held | dropped).
    `batches`: one row per part that is current or held: the columns of the manifest, `dropped` (rows of its
    quarantined ones that are), `open_cells` (of its nulled ones that are not).

    Args:
        dataset: only this one; None for all.
    """
    with duckdb.connect(config=opening()) as con:
        con.execute("set TimeZone = 'UTC'")
        parts, drops = _read_state(manifest, dataset)
        con.register("live", parts)
        con.register("drops", drops)
        files = f"{dataset or '*'}/**/*.parquet"  # schema.parquet among them
        stored = f"read_parquet({quote(quarantine / files)}, hive_partitioning=false)"
        if not any(quarantine.glob(files)):
            stored = f"(select {', '.join(f'null::{kind} as {n}' for n, kind in QUARANTINE.items())} where false)"
        con.execute(
            f"create view failures as select q.*, p.source_hash, "
            "case when p.state = 'held' then 'held' when d.rule_id is not null then 'dropped' else 'open' end as state "
            f"from {stored} q join live p on p.dataset = q.dataset and p.content_hash = q.batch_id "
            "left join drops d on d.dataset = q.dataset and d.source_uri = p.source_uri "
            "and d.source_hash = p.source_hash and d.rule_id = q.rule_id"
        )
        con.execute(
            "create view batches as select p.*, coalesce(r.dropped, 0) as dropped, coalesce(c.cells, 0) as open_cells "
            "from live p left join (select dataset, batch_id, count(*) filter (all_dropped) as dropped from ("
            "select dataset, batch_id, row_no, kind, bool_and(state = 'dropped') as all_dropped from failures "
            "where kind <> 'cell' group by all) group by all) r "
            "on r.dataset = p.dataset and r.batch_id = p.content_hash "
            "left join (select dataset, batch_id, count(distinct (row_no, column_name)) as cells from failures "
            "where kind = 'cell' and state <> 'dropped' group by all) c "
            "on c.dataset = p.dataset and c.batch_id = p.content_hash"
        )
        yield con


def find_batches(manifest: Manifest, quarantine: Path, choice: Choice) -> dict[str, list[str]]:
    """Dataset -> content hashes of the parts with something open or held; dropped failures ask for nothing.

    A part held for another reason than a bad row is among them, unless a rule is asked for.
    """
    with open_quarantine(manifest, quarantine, choice.dataset) as con:
        held = (
            ""
            if choice.rule
            else (
                f" union select dataset, batch_id from (select dataset, content_hash as batch_id from live "
                f"where state = 'held') where {choice.where}"
            )
        )
        found = con.execute(
            f"select dataset, batch_id from failures where state <> 'dropped' and {choice.where}{held} order by all"
        ).fetchall()
    return {dataset: [b for d, b in found if d == dataset] for dataset in dict(found)}


def count_open(manifest: Manifest, quarantine: Path, dataset: str) -> dict[str, int]:
    """What of one dataset waits for somebody: rows set aside and not dropped, nulled cells, batches that are held.

    The manifest knows, unless something was dropped; only then quarantine is read.
    """
    parts, drops = _read_state(manifest, dataset)
    states = [state == "held" for state in parts["state"].to_pylist()]
    counts = {"open_rows": sum(parts["quarantined"].to_pylist()), "open_cells": sum(parts["cells"].to_pylist())}
    if drops.num_rows:
        with open_quarantine(manifest, quarantine, dataset) as con:
            rows, cells = con.execute("select sum(quarantined - dropped), sum(open_cells) from batches").fetchone()
        counts = {"open_rows": int(rows or 0), "open_cells": int(cells or 0)}
    return {**counts, "held_batches": sum(states)}


def drop(
    manifest: Manifest, quarantine: Path, choice: Choice, *, actor: str, reason: str, now: datetime | None = None
) -> list[tuple[str, str, str, int]]:
    """Say of open failures that nothing is to be done about them; one audit entry per batch.

    Failures of a held batch cannot be dropped: nothing of it has landed, so it is the batch that waits.

    Returns:
        (dataset, content hash, rule, failures) of each group that was open; dropped twice is none.
    Raises:
        LandingError: what is chosen is held.
        ValueError: actor or reason is empty.
    """
    at = (now or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None)
    with open_quarantine(manifest, quarantine, choice.dataset) as con:
        groups = con.execute(
            "select dataset, source_uri, source_hash, batch_id, rule_id, count(*) from failures "
            f"where state = 'open' and {choice.where} group by all order by all"
        ).fetchall()
        held = con.execute(f"select count(distinct batch_id) from failures where state = 'held' and {choice.where}")
        held = held.fetchone()[0]
    if held and not groups:
        raise LandingError(
            f"{choice.dataset}: {held} batches chosen are held: nothing of them landed, so there is nothing to drop; "
            "raise errorRate or mend the rule and `c360 quarantine release`, or have them delivered again"
        )
    rules: dict[tuple[str, str], list[str]] = {}
    for dataset, _, _, batch, rule, _ in groups:
        rules.setdefault((dataset, batch), []).append(rule)
    with write_state(manifest.engine) as state:
        if groups:
            columns = ("dataset", "source_uri", "source_hash", "rule_id")
            state.execute(DROPS.insert(), [dict(zip(columns, (*g[:3], g[4]), strict=True), at=at) for g in groups])
        for (dataset, batch), failed in rules.items():
            object_ = f"{dataset}:{batch} {', '.join(failed)}"
            audit.record(state, actor=actor, action="quarantine drop", object=object_, reason=reason, at=at)
    return [(dataset, batch, rule, count) for dataset, _, _, batch, rule, count in groups]


def _read_state(manifest: Manifest, dataset: str | None) -> tuple[pa.Table, pa.Table]:
    """The live parts and the drops, of one dataset when given."""
    with write_state(manifest.engine) as state:
        METADATA.create_all(state)
    with manifest.engine.connect() as state:
        found = []
        for query in (sa.select(PARTS).where(PARTS.c.state.in_(LIVE)), sa.select(DROPS)):
            table = query.get_final_froms()[0]
            rows = state.execute(query.where(table.c.dataset == dataset) if dataset else query).mappings()
            found.append(pa.Table.from_pylist([dict(r) for r in rows], schema=_schema(table)))
    return found[0], found[1]


def _schema(table: sa.Table) -> pa.Schema:
    types = {sa.BigInteger: pa.int64(), sa.Date: pa.date32(), sa.DateTime: pa.timestamp("us")}
    return pa.schema([(c.name, types.get(type(c.type), pa.string())) for c in table.columns])
