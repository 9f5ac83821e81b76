"""Pages of an API: which request comes after an answer.

Put here: the five ways to turn a page. Keep out: asking and its faults (read_api.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

import duckdb

from pipelines.ingest.errors import LandingError
from quality.contract import Pages


@dataclass(frozen=True)
class Request:
    """One question to an API; hashable, so that a question asked twice is noticed."""

    url: str
    params: tuple[tuple[str, str], ...]

    def with_param(self, name: str, value: str) -> Request:
        return replace(self, params=tuple(({**dict(self.params), name: value}).items()))


@dataclass(frozen=True)
class Answer:
    """One page: its text, how many rows it held, and the `next` of its Link header."""

    text: str
    rows: int
    link: str | None = None


def first_request(pages: Pages, url: str, params: Mapping[str, str]) -> Request:
    """The first page: number and offset are said, a cursor is not yet known."""
    request = Request(url, tuple(params.items()))
    if pages.kind in ("number", "offset"):
        return request.with_param(pages.param, str(pages.first))
    return request


def next_request(con: duckdb.DuckDBPyConnection, pages: Pages, request: Request, answer: Answer) -> Request | None:
    """The request after this answer; None after the last page.

    Numbered pages end with one that has no rows: a page may be shorter than was asked for and not be the last.

    Raises:
        LandingError: the next page lies on another host, which is not sent the contract's headers.
    """
    if pages.kind in ("number", "offset"):
        step = 1 if pages.kind == "number" else answer.rows
        at = int(dict(request.params)[pages.param])
        return request.with_param(pages.param, str(at + step)) if answer.rows else None
    if pages.kind == "cursor":
        cursor = _value(con, answer, pages.path)
        return request.with_param(pages.param, cursor) if cursor else None
    link = answer.link if pages.kind == "header" else _value(con, answer, pages.path) if pages.kind == "link" else None
    if not link:
        return None
    url = urljoin(request.url, link)
    if urlsplit(url)[:2] != urlsplit(request.url)[:2]:
        raise LandingError("the next page lies on another host; allowed: the host of `location`; correct the address")
    return Request(url, ())


def _value(con: duckdb.DuckDBPyConnection, answer: Answer, path: str) -> str | None:
    found = con.execute("select json_extract_string(?, ?)", [answer.text, path]).fetchone()[0]
    return None if found in (None, "", "null") else found
