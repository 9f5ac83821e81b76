"""One part on its bench: staged, and what was refused of it written beside, before its turn comes to be entered.

Several benches of one landing are at work at once. What they do changes nothing anybody sees.

Put here: everything of a part that does not depend on the parts before it.
Keep out: its number and its entry (enter.py), the SQL (stage.py), which sources are due (land.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from pipelines.ingest.disk import KEPT
from pipelines.ingest.errors import LandingError
from pipelines.ingest.kept import write_kept
from pipelines.ingest.raw import Raw
from pipelines.ingest.stage import PartFacts, Staged, stage, write_landed, write_quarantine
from quality.contract import Contract


@dataclass(frozen=True)
class Bench:
    """A connection with temporary tables of its own, and a folder on the home's disk."""

    con: duckdb.DuckDBPyConnection
    work: Path


@dataclass(frozen=True)
class StagedPart:
    """A part ready to be entered; table `staged` of its bench holds its rows until then.

    kept, rejected: files to be moved beside the part; None where everything of it landed.
    """

    bench: Bench
    raw: Raw
    facts: PartFacts
    source_hash: str
    staged: Staged
    kept: Path | None
    rejected: Path | None

    def write_landed(self, contract: Contract, part_seq: int) -> Path:
        """Write the good rows under the number the part gets."""
        file = self.bench.work / "landed.parquet"
        write_landed(self.bench.con, contract, self.facts, part_seq, file)
        return file


def stage_part(
    bench: Bench,
    contract: Contract,
    raw: Raw,
    facts: PartFacts,
    source_hash: str,
    latest_arrival: date,
    error_rate: float,
) -> StagedPart:
    """Stage table `raw` of a bench, and write what of it does not land.

    Args:
        latest_arrival, error_rate: as `stage` has them.
    Raises:
        LandingError: SQL of the contract that cannot be run on these rows.
    """
    try:
        staged = stage(bench.con, contract, raw, latest_arrival=latest_arrival, error_rate=error_rate)
    except duckdb.Error as fault:
        # A message about SQL quotes the contract; one about data may quote a customer's value.
        about_sql = isinstance(fault, duckdb.ParserException | duckdb.BinderException | duckdb.CatalogException)
        seen = str(fault).splitlines()[0] if about_sql else type(fault).__name__
        raise LandingError(
            f"{contract.dataset}: {facts.source_uri}: typing or a rule failed: {seen}; correct formats, patterns, time "
            f"zones and SQL rules in {contract.file.name}"
        ) from None
    kept = rejected = None
    if staged.blocking or staged.quarantined or staged.cells:
        kept = bench.work / f"kept{KEPT}"
        write_kept(bench.con, contract, raw, latest_arrival, kept)
    if staged.quarantined or staged.cells:
        rejected = bench.work / "quarantine.parquet"
        write_quarantine(bench.con, contract, raw, facts, rejected)
    return StagedPart(bench, raw, facts, source_hash, staged, kept, rejected)
