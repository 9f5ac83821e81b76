"""CSV and JSON lines: one file into raw text, without ever sniffing.

Put here: dialects, headers, encodings, compression, rejected lines.
Keep out: binary formats (read_table.py), databases (read_sql.py), typing (cells.py).
"""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import zlib
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.ingest.cells import quote
from pipelines.ingest.errors import LandingError
from pipelines.ingest.raw import NEW_REJECTS, Raw, count_rows, json_path, match_columns, whole_row
from quality.contract import Contract

CHUNK = 4 << 20
MAX_JSON_LINE = 16 << 20
_READ = "auto_detect=false, store_rejects=true, rejects_limit=0, rejects_table='_lines', rejects_scan='_scans'"


def open_plain(file: Path, encoding: str, work: Path, where: str) -> Path:
    """The file as uncompressed UTF-8: itself where it is, else a copy in `work`.

    Args:
        file: any file; .gz, .bz2 and .zst are unpacked.
        encoding: any codec Python knows.
    Raises:
        LandingError: truncated or broken compression, text that is not in this encoding, nothing in it.
    """
    try:
        codec = codecs.lookup(encoding).name
    except LookupError as fault:
        raise LandingError(
            f"{where}: unknown encoding {encoding!r}; name one Python knows, such as utf-8 or cp1252"
        ) from fault
    plain = file
    if file.suffix.lower() in (".gz", ".bz2", ".zst") or codec not in ("utf-8", "utf-8-sig", "ascii"):
        plain = work / "plain"
        decode = codecs.getincrementaldecoder(codec)()
        try:
            with _open(file) as source, plain.open("wb") as copy:
                while chunk := source.read(CHUNK):
                    copy.write(decode.decode(chunk).encode("utf-8"))
                copy.write(decode.decode(b"", True).encode("utf-8"))
        except UnicodeError as fault:
            raise LandingError(
                f"{where}: unreadable as {encoding}, at byte {fault.start}; correct `encoding` in the contract"
            ) from fault
        except (EOFError, OSError, zlib.error) as fault:
            raise LandingError(
                f"{where}: truncated or broken {file.suffix} file, {file.stat().st_size} bytes; deliver it again"
            ) from fault
    with plain.open("rb") as source:
        first = source.read(4)
    if not first:
        raise LandingError(f"{where}: empty file, 0 bytes; expected a header or rows; deliver it again, or remove it")
    if first[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise LandingError(
            f"{where}: unreadable as {encoding}: it begins like utf-16; correct `encoding` in the contract"
        )
    return plain


def read_csv(con: duckdb.DuckDBPyConnection, contract: Contract, plain: Path, where: str) -> Raw:
    """Read one plain UTF-8 CSV file into `raw` and `rejects`.

    Header: names from the file's own first line. No header: the contract's columns, in its order.
    Raises:
        LandingError: wrong columns, an unclosed quote, mixed line ends under strict.
    """
    options = contract.server.read
    if options.header:
        seen = _header(contract, plain, where)
        drift = match_columns(contract, seen, where)
    else:
        seen, drift = [c.physical_name for c in contract.landed], ()
    names = [f"c{i}" for i in range(len(seen))]
    columns = ", ".join(f"'{n}': 'VARCHAR'" for n in names)
    escape = options.escape if options.quote else ""
    _scan(
        con,
        f"select * from read_csv({quote(plain)}, columns={{{columns}}}, header={str(options.header).lower()}, "
        f"delim={quote(options.delimiter)}, quote={quote(options.quote)}, escape={quote(escape)}, "
        f"strict_mode={str(options.strict).lower()}, {_READ})",
        where,
        header=int(options.header),
    )
    if options.row_suffix:
        _cut_suffix(con, names, options.delimiter, options.row_suffix, int(options.header))
    rejected = count_rows(con, "rejects")
    if rejected and not count_rows(con, "raw"):
        raise LandingError(
            f"{where}: wrong columns: none of its {rejected} lines has the {len(seen)} columns of {contract.dataset}; "
            f"correct the properties, readOptions or encoding in {contract.file.name}"
        )
    skipped = '(select count(*) from rejects where "after" < raw.rowid + 1)' if rejected else "0"
    return Raw(dict(zip(seen, names, strict=True)), f"raw.rowid + 1 + {skipped}", whole_row(names), drift)


def read_jsonl(con: duckdb.DuckDBPyConnection, contract: Contract, plain: Path, where: str) -> Raw:
    """Read one plain UTF-8 file of JSON objects, one a line, into `raw` and `rejects`; blank lines are nothing."""
    _scan(
        con,
        f"select * from read_csv({quote(plain)}, columns={{'line': 'VARCHAR'}}, header=false, delim=chr(31), quote='', "
        f"escape='', max_line_size={MAX_JSON_LINE}, {_READ})",
        where,
        header=0,
    )
    con.execute("alter table raw rename to lines")
    skipped = '(select count(*) from rejects where "after" < lines.rowid + 1)' if count_rows(con, "rejects") else "0"
    return extract_json(
        con, contract, f"select rowid + 1 + {skipped} as line_no, line from lines where line is not null"
    )


def extract_json(con: duckdb.DuckDBPyConnection, contract: Contract, lines: str) -> Raw:
    """Make `raw` from JSON objects and move whatever is none to `rejects`.

    Args:
        lines: a query of (line_no, line); physicalName is a JSON path when it begins with `$`, else a key.
    """
    paths = [json_path(c.physical_name) for c in contract.landed]
    names = [f"c{i}" for i in range(len(paths))]
    listed = ", ".join(map(quote, paths))
    con.execute(
        f"create or replace temp table raw as "
        f"select line_no, line, is_object, {', '.join(f'cells[{i + 1}] as {n}' for i, n in enumerate(names))} from ("
        f"select *, case when is_object then json_extract_string(line, [{listed}]) end as cells from ("
        f"select *, coalesce(case when json_valid(line) then json_type(line) = 'OBJECT' end, false) as is_object "
        f"from ({lines})))"
    )
    con.execute("insert into rejects select line_no, 0, line from raw where not is_object and trim(line) <> ''")
    con.execute("delete from raw where not is_object")
    con.execute("drop table if exists lines")
    return Raw(dict(zip((c.physical_name for c in contract.landed), names, strict=True)), "line_no", "line")


def _open(file: Path):
    suffix = file.suffix.lower()
    if suffix == ".gz":
        return gzip.open(file, "rb")
    if suffix == ".bz2":
        return bz2.open(file, "rb")
    return pa.input_stream(str(file), compression="zstd") if suffix == ".zst" else file.open("rb")


def _header(contract: Contract, plain: Path, where: str) -> list[str]:
    options = contract.server.read
    with plain.open("rb") as source:
        first = source.readline()
    try:
        line = first.decode("utf-8-sig")
    except UnicodeError as fault:
        raise LandingError(
            f"{where}: unreadable as {contract.server.encoding}, at byte {fault.start}; correct `encoding`"
        ) from fault
    line = line.rstrip("\r\n").removesuffix(options.row_suffix)
    if len(options.delimiter) > 1 or not options.quote:
        return [cell.strip() for cell in line.split(options.delimiter)]
    rows = csv.reader([line], delimiter=options.delimiter, quotechar=options.quote)
    return [cell.strip() for cell in next(rows, [])]


def _scan(con: duckdb.DuckDBPyConnection, query: str, where: str, *, header: int) -> None:
    con.execute("drop table if exists lines")
    con.execute(NEW_REJECTS)
    try:
        con.execute(f"create or replace temp table raw as {query}")
        swallowed = con.execute("select min(line) from _lines where error_message ilike '%unterminated%'").fetchone()[0]
        con.execute(
            f"insert into rejects select line, line - {header} - row_number() over (order by line), "
            "regexp_replace(raw, '^[\\r\\n]+', '') from (select line, min(csv_line) as raw from _lines group by line)"
        )
    except duckdb.Error as fault:
        # DuckDB's message quotes the line it stumbled on, so it is not passed on.
        mixed = "strict_mode" in str(fault)
        known = (
            "mixed line ends or stray quotes; readOptions `strict: false` reads such a file"
            if mixed
            else type(fault).__name__
        )
        raise LandingError(
            f"{where}: unreadable with the contract's readOptions: {known}; correct them, or the file"
        ) from None
    finally:
        con.execute("drop table if exists _lines")
        con.execute("drop table if exists _scans")
    if swallowed is not None:
        raise LandingError(
            f"{where}: line {swallowed}: a quote is opened and never closed, so the rest of the file is unreadable; "
            "the file is truncated or `quote` in readOptions is wrong; deliver it again"
        )


def _cut_suffix(con: duckdb.DuckDBPyConnection, names: list[str], delimiter: str, suffix: str, header: int) -> None:
    last, end = names[-1], quote(suffix)
    torn = f"not coalesce(ends_with({last}, {end}), false)"
    con.execute(
        f"insert into rejects select rowid + 1 + {header} + "
        '(select count(*) from rejects where "after" < raw.rowid + 1), '
        f"null, concat_ws({quote(delimiter)}, {', '.join(names)}) from raw where {torn}"
    )
    con.execute(f"delete from raw where {torn}")
    con.execute(f"update raw set {last} = nullif(left({last}, -{len(suffix)}), '')")
