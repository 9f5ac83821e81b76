"""JSON documents, Parquet and Excel: one file into raw text.

Put here: formats which carry structure of their own. Keep out: text files (read_text.py), typing (cells.py).
"""

from __future__ import annotations

import warnings
from pathlib import Path

import duckdb

from pipelines.ingest.cells import name, quote
from pipelines.ingest.errors import LandingError
from pipelines.ingest.raw import NEW_REJECTS, Raw, match_columns, whole_row
from pipelines.ingest.read_text import extract_json
from quality.contract import Contract


def read_json(con: duckdb.DuckDBPyConnection, contract: Contract, plain: Path, where: str) -> Raw:
    """Read one JSON document, an array of objects or one object, into `raw`.

    Raises:
        LandingError: not JSON, or cut off.
    """
    con.execute(NEW_REJECTS)
    try:
        con.execute(
            "create or replace temp table lines as select unnest(case json_type(doc) when 'ARRAY' "
            "then json_extract(doc, '$[*]') else [doc] end)::varchar as line "
            f"from (select content::json as doc from read_text({quote(plain)}))"
        )
    except duckdb.Error:
        raise LandingError(
            f"{where}: not a JSON document, or truncated; allowed: one array of objects; deliver it again, or say "
            "`format: jsonl` for one object a line"
        ) from None
    return extract_json(con, contract, "select rowid + 1 as line_no, line from lines")


def read_parquet(con: duckdb.DuckDBPyConnection, contract: Contract, file: Path, where: str) -> Raw:
    """Read one Parquet file into `raw` as text: nested values as JSON, times in ISO (with a zone: as UTC).

    Raises:
        LandingError: no Parquet, truncated, wrong columns.
    """
    broken = f"{where}: not a Parquet file, or truncated, {file.stat().st_size} bytes; deliver it again"
    try:
        found = con.execute(f"describe select * from read_parquet({quote(file)})").fetchall()
    except duckdb.Error:
        raise LandingError(broken) from None
    types = {row[0]: row[1] for row in found}
    drift = match_columns(contract, list(types), where)
    names = [f"c{i}" for i in range(len(types))]
    texts = ", ".join(f"{_text(column, types[column])} as {n}" for column, n in zip(types, names, strict=True))
    con.execute(NEW_REJECTS)
    try:
        con.execute(f"create or replace temp table raw as select {texts} from read_parquet({quote(file)})")
    except duckdb.Error:
        raise LandingError(broken) from None
    return Raw(dict(zip(types, names, strict=True)), "rowid + 1", whole_row(names), drift)


def read_xlsx(con: duckdb.DuckDBPyConnection, contract: Contract, file: Path, where: str) -> Raw:
    """Read the first sheet of an Excel file into `raw` as text; dates as ISO, whatever their display format.

    Raises:
        LandingError: no workbook, nothing in its first sheet, wrong columns.
    """
    import pandas as pd  # costs a second that loading the definitions need not pay

    try:
        with warnings.catch_warnings(action="ignore"):
            sheet = pd.read_excel(
                file, header=None, dtype=str, keep_default_na=False, na_values=[""], engine="calamine"
            )
    except Exception as fault:
        raise LandingError(
            f"{where}: not an Excel workbook, or truncated ({type(fault).__name__}); allowed: .xlsx; deliver it again"
        ) from fault
    if sheet.empty:
        raise LandingError(f"{where}: nothing in its first sheet; expected a header or rows; deliver it again")
    if contract.server.read.header:
        seen = [str(cell).strip() for cell in sheet.iloc[0] if cell is not None and cell == cell]
        sheet = sheet.iloc[1:]
        drift = match_columns(contract, seen, where)
    else:
        seen, drift = [c.physical_name for c in contract.landed], ()
    if sheet.shape[1] < len(seen):
        raise LandingError(f"{where}: wrong columns: {sheet.shape[1]} seen, the contract needs {len(seen)}")
    sheet = sheet.iloc[:, : len(seen)].astype("string")
    names = [f"c{i}" for i in range(len(seen))]
    sheet.columns = names
    con.execute(NEW_REJECTS)
    con.register("_sheet", sheet)
    con.execute(
        f"create or replace temp table raw as select {', '.join(f'{n}::varchar as {n}' for n in names)} from _sheet"
    )
    con.unregister("_sheet")
    return Raw(dict(zip(seen, names, strict=True)), "rowid + 1", whole_row(names), drift)


def _text(column: str, kind: str) -> str:
    c = name(column)
    if kind.endswith("]") or kind.startswith(("STRUCT", "MAP")):
        return f"to_json({c})::varchar"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime({c} at time zone 'UTC', '%Y-%m-%d %H:%M:%S.%f') || 'Z'"
    return f"{c}::varchar"
