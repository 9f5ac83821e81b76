"""REST APIs: every page of an answer, as text, into rows of JSON.

An answer is never read into Python: DuckDB takes the rows out of its text, as it does with those of a file.

Put here: requests, their faults, rows at a path. Keep out: turning pages (pages.py), typing (cells.py), when to read
what (land_fetched.py).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from datetime import time as midnight
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import responses

import duckdb

from pipelines.ingest.cells import quote
from pipelines.ingest.dates import translate_pattern
from pipelines.ingest.errors import LandingError, OutageError
from pipelines.ingest.outage import TIMEOUT, Patience, outlast
from pipelines.ingest.pages import Answer, Request, first_request, next_request
from pipelines.ingest.raw import NEW_REJECTS, Raw, json_path, whole_row
from pipelines.ingest.read_text import extract_json
from quality.contract import Contract, fill_variables

_PASSES = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}  # and all from 500 on


def name_source(contract: Contract) -> str:
    """The source_uri of an API: its address as the contract writes it, never a secret."""
    return contract.server.location


def read_rows(
    con: duckdb.DuckDBPyConnection, contract: Contract, env: Mapping[str, str], days: tuple[date, date] | None
) -> Raw:
    """Stream every page into table `fetched`: `line`, the JSON of a row, and `day` where there is a cursor.

    A page that fails for a while is asked for again, alone; one that goes on failing fails the whole read.

    Args:
        days: first and last cursor day; rows of other days, which an API may give as well, are left out.
    Returns:
        What a row of `fetched` says; `raw` is made of it by `take_rows`.
    Raises:
        OutageError: an API that is still unreachable, overloaded or broken after C360_SOURCE_PATIENCE.
        LandingError: refused, no such address, an answer without rows at the contract's path.
        ContractError: an environment variable of the contract is not set.
    """
    import requests  # half a second, which definitions need not pay

    patience, api, where = Patience.from_env(env), contract.server.api, f"{contract.dataset}: {name_source(contract)}"
    con.execute("create or replace temp table fetched (line varchar, day varchar)")
    with requests.Session() as session:
        session.headers.update({"Accept": "application/json", **_fill(api.headers, env, "header")})
        url = contract.server.resolve(env)
        user = requests.utils.get_auth_from_url(url)
        session.auth = user if any(user) else _no_netrc  # else a ~/.netrc would be put over the contract's header
        params = _fill(api.params, env, "parameter") | _bounds(contract, days)
        asked: set[Request] = set()
        request: Request | None = first_request(api.pages, url, params)
        while request:
            if request in asked:
                raise LandingError(
                    f"{where}: page {len(asked) + 1} is one that was asked for before, so reading would never end; "
                    f"correct `pages` of readOptions in {contract.file.name}"
                )
            asked.add(request)
            page = f"{where}: page {len(asked)}"
            answer = outlast(lambda r=request, p=page: _ask(con, session, r, p, patience), patience)
            rows = _take_page(con, contract, answer.text, days, page)
            try:
                request = next_request(con, api.pages, request, Answer(answer.text, rows, answer.link))
            except LandingError as fault:
                raise LandingError(f"{page}: {fault}") from None
    cells = [f"json_extract_string(line, {quote(json_path(c.physical_name))})" for c in contract.landed]
    return Raw({}, "rowid + 1", f"case when json_type(line) = 'OBJECT' then {whole_row(cells)} else line end")


def take_rows(con: duckdb.DuckDBPyConnection, contract: Contract, raw: Raw, day: date | None) -> Raw:
    """Make `raw` of the fetched rows of one cursor day (None: of those without), in an order no API decides."""
    where = f"day = '{day.isoformat()}'" if day else "day is null"
    con.execute(NEW_REJECTS)
    con.execute(
        f"create or replace temp table lines as select line from fetched where {where} order by {raw.whole}, line"
    )
    return extract_json(con, contract, "select rowid + 1 as line_no, line from lines")


def _take_page(
    con: duckdb.DuckDBPyConnection, contract: Contract, text: str, days: tuple[date, date] | None, page: str
) -> int:
    """Add the rows of a page to `fetched`.

    Returns:
        how many the page held, those of other days included.
    """
    path = contract.server.api.rows
    kind, held = con.execute(
        f"select json_type(?, {quote(path)}), coalesce(json_array_length(?, {quote(path)}), 0)", [text, text]
    ).fetchone()
    if kind not in ("ARRAY", "NULL"):
        raise LandingError(
            f"{page}: no rows at {path}: seen {kind or 'nothing'} there, allowed: an array of objects; correct `rows` "
            f"of readOptions in {contract.file.name}"
        )
    day, within = "null", "true"
    if contract.cursor:
        cursor = json_path(contract.column(contract.cursor).physical_name)
        day = f"try_cast(json_extract_string(line, {quote(cursor)}) as timestamptz)::date"
        within = f"(day is null or day between {quote(days[0])}::date and {quote(days[1])}::date)" if days else "true"
    con.execute(
        f"insert into fetched select line, day::varchar from (select line, {day} as day from "
        f"(select unnest(json_extract(?::json, {quote(path + '[*]')}))::varchar as line)) where {within}",
        [text],
    )
    return held


def _ask(con: duckdb.DuckDBPyConnection, session, request: Request, page: str, patience: Patience) -> Answer:
    """One page, whole. What a fault says itself may hold the address with its secrets, so only its kind is told."""
    import requests

    try:
        response = session.get(
            request.url, params=dict(request.params), timeout=max(patience.silence, 0.001), allow_redirects=False
        )
    except (requests.exceptions.SSLError, ValueError) as fault:  # ValueError: what is no address at all
        raise LandingError(
            f"{page}: unreachable ({type(fault).__name__}); check the address and its certificate"
        ) from None
    except requests.Timeout as fault:
        raise OutageError(
            f"{page}: no answer within {patience.silence:g} s ({type(fault).__name__}); ask for smaller pages by "
            f"`params`, or raise {TIMEOUT}"
        ) from None
    except requests.RequestException as fault:
        raise OutageError(
            f"{page}: unreachable, or cut off ({type(fault).__name__}); check the address, and that the server is up"
        ) from None
    status, meant = response.status_code, responses.get(response.status_code, "unknown")
    if status in _PASSES or status >= 500:
        raise OutageError(f"{page}: answers {status} ({meant}); ask its owner", _rest(response.headers))
    if status in (401, 403):
        raise LandingError(f"{page}: refused with {status}; check the variables in the contract's headers and location")
    if status != 200:
        raise LandingError(f"{page}: answers {status} ({meant}), allowed: 200; correct `location` or `params`")
    text = _decode(response.content)
    if text is None or not con.execute("select json_valid(?)", [text]).fetchone()[0]:
        kind = OutageError if "json" in response.headers.get("Content-Type", "") else LandingError
        raise kind(f"{page}: not JSON, or cut off, {len(response.content)} bytes; correct `location`, or ask its owner")
    return Answer(text, 0, response.links.get("next", {}).get("url"))


def _decode(body: bytes) -> str | None:
    with suppress(UnicodeDecodeError):
        return body.decode("utf-8-sig")  # JSON is UTF-8
    return None


def _rest(headers: Mapping[str, str]) -> float:
    """Seconds of a Retry-After header, which has seconds or a date; 0 without one that can be read."""
    said = headers.get("Retry-After", "")
    if said.isdigit():
        return float(said)
    with suppress(ValueError, TypeError):
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    return 0.0


def _bounds(contract: Contract, days: tuple[date, date] | None) -> dict[str, str]:
    """The parameters which ask for these days: from the first of them until the day after the last, in UTC."""
    asked = contract.server.api.days
    if not days or not asked:
        return {}
    form = translate_pattern(asked.format).strptime
    ends = ((asked.first, days[0]), (asked.end, days[1] + timedelta(days=1)))
    return {name: datetime.combine(day, midnight(), UTC).strftime(form) for name, day in ends if name}


def _fill(texts: Mapping[str, str], env: Mapping[str, str], what: str) -> dict[str, str]:
    return {name: fill_variables(text, env, f"{what} {name}") for name, text in texts.items()}


def _no_netrc(request):
    return request
