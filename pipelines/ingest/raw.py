"""What every reader hands on: the raw text of one part, in two tables of the landing connection.

Put here: the shape of table `raw` (one text column per source column) and `rejects` (lines that are no rows).
Keep out: how a format is read (read_*.py), what the text means (cells.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from pipelines.ingest.errors import LandingError
from quality.contract import Contract

# line_no: 1-based in the file; after: how many readable rows come before the line.
NEW_REJECTS = 'create or replace temp table rejects (line_no bigint, "after" bigint, raw varchar)'
# A separator no text holds, and a mark which keeps null apart from empty text.
SEPARATOR, NULL_MARK = "chr(31)", "chr(30)"


@dataclass(frozen=True)
class Raw:
    """The readable rows of one part.

    columns: physical name -> SQL of its raw text over table `raw`.
    row: SQL of the 1-based row number. whole: SQL of the whole row as text, the same wherever the row stands.
    drift: columns of the source which the contract does not name.
    """

    columns: Mapping[str, str]
    row: str
    whole: str
    drift: tuple[str, ...] = field(default=())


def whole_row(columns: Sequence[str]) -> str:
    """SQL of a whole row as one text, over the raw text columns given as SQL."""
    return f"concat_ws({SEPARATOR}, {', '.join(f'coalesce({c}, {NULL_MARK})' for c in columns)})"


def json_path(physical_name: str) -> str:
    """The JSON path a physicalName means: itself when it begins with `$`, else a key."""
    return physical_name if physical_name.startswith("$") else f'$."{physical_name}"'


def match_columns(contract: Contract, seen: Sequence[str], where: str) -> tuple[str, ...]:
    """Compare the columns of a source with the contract's.

    Returns:
        Columns the contract does not name, in the source's order.
    Raises:
        LandingError: a column of the contract is missing, or a column is there twice.
    """
    wanted = [c.physical_name for c in contract.landed]
    missing = [w for w in wanted if w not in seen]
    doubled = sorted({s for s in seen if seen.count(s) > 1})
    if missing or doubled:
        faults = [f"{len(missing)} missing ({', '.join(missing)})"] if missing else []
        faults += [f"{len(doubled)} doubled ({', '.join(doubled)})"] if doubled else []
        raise LandingError(
            f"{where}: wrong columns: {'; '.join(faults)}; seen {len(seen)}, the contract of {contract.dataset} needs "
            f"{', '.join(wanted)}; correct the source or the physicalName in {contract.file.name}"
        )
    return tuple(s for s in seen if s not in wanted)


def count_rows(con: duckdb.DuckDBPyConnection, table: str) -> int:
    """Rows of a table of the landing connection."""
    return con.execute(f"select count(*) from {table}").fetchone()[0]
