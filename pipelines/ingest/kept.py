"""The raw text of a part of which not everything landed, kept so that it can be landed again without its source.

A quarantine part says what failed; it cannot tell what a whole part would be under another contract (`unique`, batch
rules, a held batch). So beside it lies `<content hash>.raw`: tables `raw` and `rejects` as the reader made them, as
Parquet, with what reads them. A part that landed whole, or is no longer current or held, keeps none.

Put here: writing and reading that file. Keep out: when a part is landed again (release.py).
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from pathlib import Path

import duckdb

from pipelines.ingest.cells import landing_facts, name, quote
from pipelines.ingest.errors import LandingError
from pipelines.ingest.raw import NEW_REJECTS, Raw, match_columns
from pipelines.ingest.read_text import extract_json
from quality.contract import Contract

_LINE = {"_line_no": "line_no", "_line_after": '"after"', "_line_raw": "raw"}  # columns of `rejects`
_JSON = ("json", "jsonl")


def write_kept(con: duckdb.DuckDBPyConnection, contract: Contract, raw: Raw, latest_arrival: date, file: Path) -> None:
    """Write tables `raw` and `rejects` as one Parquet file; of JSON the whole lines."""
    columns = ["line"] if _is_json(contract) else list(raw.columns.values())
    facts = {
        "reading": _reading(contract),
        "columns": dict(raw.columns),
        "whole": raw.whole,
        "latest_arrival": latest_arrival.isoformat(),
    }
    listed = ", ".join(map(name, columns))
    line = ", ".join(f"{column} as {n}" for n, column in _LINE.items())
    con.execute(
        f"copy (select false as _is_line, null::bigint as _line_no, null::bigint as _line_after, "
        f"null::varchar as _line_raw, {raw.row} as row_no, {listed} from raw union all "
        f"select true, {line}, null, {', '.join('null' for _ in columns)} from rejects) to {quote(file)} "
        f"(format parquet, compression zstd, compression_level 1, kv_metadata {{facts: {quote(json.dumps(facts))}}})"
    )


def read_kept(con: duckdb.DuckDBPyConnection, contract: Contract, file: Path, where: str) -> tuple[Raw, date]:
    """Make tables `raw` and `rejects` again, as the reader would from the source under this contract.

    Returns:
        what reads them, and the day the rows were at the company at the latest.
    Raises:
        LandingError: nothing is kept of the part, its source is read differently now, or a column was not kept.
    """
    if not file.is_file():
        raise LandingError(f"{where}: nothing is kept to land it from; {_FROM_SOURCE}")
    stored = con.execute(
        f"select decode(value) from parquet_kv_metadata({quote(file)}) where decode(key) = 'facts'"
    ).fetchone()
    facts = json.loads(stored[0])
    if facts["reading"] != _reading(contract):
        raise LandingError(
            f"{where}: how its source is read has changed (format, encoding or readOptions), and what is kept was read "
            f"the old way; {_FROM_SOURCE}"
        )
    latest_arrival = date.fromisoformat(facts["latest_arrival"])
    con.execute(NEW_REJECTS)
    kept = f"read_parquet({quote(file)}, hive_partitioning=false)"
    con.execute(f"insert into rejects select {', '.join(_LINE)} from {kept} where _is_line")
    columns = f"* exclude (_is_line, {', '.join(_LINE)})"
    con.execute(f"create or replace temp table raw as select {columns} from {kept} where not _is_line")
    if _is_json(contract):
        con.execute("alter table raw rename to lines")
        return extract_json(con, contract, "select row_no as line_no, line from lines"), latest_arrival
    return _read_columns(contract, facts, where), latest_arrival


_FROM_SOURCE = "`c360 run` lands it again if its source is still there, else have it delivered again"


def _read_columns(contract: Contract, facts: dict, where: str) -> Raw:
    columns = facts["columns"]
    if not contract.server.read.header:
        seen = [c.physical_name for c in contract.landed]  # no header: by position, whatever a column is called
        if len(seen) == len(columns):
            columns = dict(zip(seen, columns.values(), strict=True))
    drift = match_columns(contract, list(columns), f"{where} (as kept; {_FROM_SOURCE})")
    return Raw(columns, "row_no", facts["whole"], drift)


def _is_json(contract: Contract) -> bool:
    return contract.server.format in _JSON


def _reading(contract: Contract) -> str:
    return hashlib.md5(json.dumps(landing_facts(contract)["server"], default=str).encode()).hexdigest()
