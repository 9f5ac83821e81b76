"""Faults as sources really have them, planted in the last days of a simulated company's files.

Put here: what is spoilt, and which check must say so. Keep out: landing and judging (support/watched_home.py).
"""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

Change = Callable[[pd.DataFrame], pd.DataFrame]
CLOCKS = {"web_events": "%Y-%m-%dT%H:%M:%SZ", "call_log": "%d.%m.%Y %H:%M:%S", "store_visits": "%d.%m.%Y %H:%M:%S"}
CLOCKS |= {"chat_events": "%Y-%m-%d %H:%M:%S", "email_events": "%Y-%m-%d %H:%M:%S"}
TIMES = {"web_events": "ts", "call_log": "Zeit", "store_visits": "time", "chat_events": "at", "email_events": "sent_at"}


@dataclass(frozen=True)
class Feed:
    """Files of one dataset, one a day."""

    path: str
    separator: str = ""  # none: JSON lines, or Parquet
    encoding: str = "utf-8"
    names: tuple[str, ...] = ()  # of a file without a header


FEEDS = {
    "web_events": Feed("web/web_{}.jsonl.gz"),
    "chat_events": Feed("chat/chat_{}.jsonl"),
    "app_events": Feed("app/app_{}.parquet"),
    "email_events": Feed("email/email_{}.csv", ";"),
    "ad_clicks": Feed("ads/clicks_{}.tsv", "\t", names=("id", "at", "kind", "cookie", "customer", "programme")),
    "call_log": Feed("calls/calls_{}.csv", ";", "latin-1"),
    "store_visits": Feed("store/visits_{}.csv", "|"),
    "pos_receipts": Feed("store/pos_{}.csv", ",", "utf-8-sig"),
}


@dataclass(frozen=True)
class Fault:
    """`plant` spoils the sources of `dataset`; one of `caught_by` must fail, or landing must refuse and say `told`."""

    name: str
    dataset: str
    plant: Callable[[Path, date], Any]  # sources, last day
    caught_by: frozenset[str]
    told: str = ""


def read(dataset: str, file: Path) -> pd.DataFrame:
    feed = FEEDS[dataset]
    if file.suffix == ".parquet":
        return pd.read_parquet(file)
    content = file.read_bytes()
    if not feed.separator:
        text = gzip.decompress(content) if file.suffix == ".gz" else content
        return pd.json_normalize([json.loads(line) for line in text.decode().splitlines()]).astype(object)
    return pd.read_csv(
        file, sep=feed.separator, dtype=str, encoding=feed.encoding, keep_default_na=False,
        header=None if feed.names else 0, names=list(feed.names) or None,
    )  # fmt: skip


def write(dataset: str, file: Path, frame: pd.DataFrame) -> None:
    feed = FEEDS[dataset]
    file.unlink(missing_ok=True)  # it may be linked to another home's
    if file.suffix == ".parquet":
        frame.to_parquet(file, index=False)
    elif feed.separator:
        text = frame.to_csv(sep=feed.separator, index=False, header=not feed.names)
        file.write_bytes(text.encode(feed.encoding))
    else:
        rows = frame.where(frame.notna(), None).to_dict("records")
        text = "".join(json.dumps(_nest(row)) + "\n" for row in rows).encode()
        file.write_bytes(gzip.compress(text, mtime=0) if file.suffix == ".gz" else text)


def _nest(row: dict[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for path, value in row.items():
        *parents, leaf = path.split(".")
        place = nested
        for parent in parents:
            place = place.setdefault(parent, {})
        place[leaf] = value
    return nested


def rows(name: str, dataset: str, change: Change, *caught_by: str, days: int = 1, told: str = "") -> Fault:
    """A fault in the rows of the last `days` files."""

    def plant(sources: Path, last: date) -> None:
        for back in range(days):
            file = sources / FEEDS[dataset].path.format(last - timedelta(days=back))
            write(dataset, file, change(read(dataset, file)))

    return Fault(name, dataset, plant, frozenset(caught_by), told)


def file(name: str, dataset: str, change: Callable[[Path], Any], *caught_by: str, told: str = "") -> Fault:
    """A fault in the last file as such."""
    return Fault(
        name,
        dataset,
        lambda sources, last: change(sources / FEEDS[dataset].path.format(last)),
        frozenset(caught_by),
        told,
    )


def orders(name: str, statement: str, *caught_by: str) -> Fault:
    """A fault in the rows of the shop's database that arrived on the last two days."""

    def plant(sources: Path, last: date) -> None:
        with sqlite3.connect(sources / "shop/shop.sqlite") as database:
            since = (last - timedelta(days=1)).isoformat()
            assert database.execute(f"{statement} where updated_at >= ?", [since]).rowcount > 0
        database.close()

    return Fault(name, "shop_orders", plant, frozenset(caught_by))


def put(file: Path, content: bytes) -> None:
    file.unlink()
    file.write_bytes(content)


def text(change: Callable[[str], str], encoding: str = "utf-8") -> Callable[[Path], None]:
    return lambda file: put(file, change(file.read_bytes().decode(encoding)).encode(encoding))


def to(column: str, value: Any, share: float = 1) -> Change:
    """`value` (a constant, or a function of the cell) in the first `share` of all rows."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        made = frame[column].map(value) if callable(value) else pd.Series([value] * len(frame), dtype=object)
        first = pd.Series(range(len(frame))) < len(frame) * share
        return frame.assign(**{column: frame[column].astype(object).where(~first, made)})

    return change


def turned(dataset: str, **by: float) -> Change:
    """The clock of a feed, turned."""
    column, clock = TIMES[dataset], CLOCKS[dataset]

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        times = pd.to_datetime(frame[column], format=clock, errors="coerce") + pd.Timedelta(**by)
        return frame.assign(**{column: times.dt.strftime(clock).where(times.notna(), frame[column])})

    return change


def filled(change: Callable[[str], str]) -> Callable[[Any], Any]:
    return lambda cell: change(cell) if cell else cell


def scaled(factor: float) -> Callable[[str], str]:
    return filled(lambda cell: f"{float(cell) * factor:.2f}")


def _swapped(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(cookie=frame.customer, customer=frame.cookie)


def _resent(dataset: str) -> Callable[[Path, date], None]:
    """The file of the day before once more, after the day's own rows."""

    def plant(sources: Path, last: date) -> None:
        path = FEEDS[dataset].path
        today, before = (sources / path.format(last - timedelta(days=back)) for back in (0, 1))
        write(dataset, today, pd.concat([read(dataset, today), read(dataset, before)], ignore_index=True))

    return plant


def _emptied(file: Path) -> None:
    put(file, b"")


def _cut(file: Path) -> None:
    put(file, file.read_bytes()[: file.stat().st_size // 2])


LOST = lambda share: lambda frame: frame.head(max(1, int(len(frame) * (1 - share))))  # noqa: E731
TWICE = lambda frame: pd.concat([frame, frame], ignore_index=True)  # noqa: E731
VOLUME, DUE, NULLS = "rows_are_usual_for_their_weekday", "every_due_day_arrived", "null_shares_are_usual"
REFUSED, HELD = "refused_shares_are_usual", "batch_within_error_rate"
KEYS, AGAIN = "keys_repeat_as_usual", "rows_are_not_landed_twice"
FEW, NEW = "values_are_as_many_as_usual", "values_were_seen_before"
SCALE, SHAPE = "numbers_keep_their_scale", "distributions_are_usual"
CLOCK, LATE = "hours_of_day_are_usual", "arrivals_are_as_late_as_usual"
COLUMNS, FAILED = "columns_are_those_of_the_contract", "the landing failed"

# Every kind on its own dataset; those marked * run on every change, the others in the proof.
FAULTS = (
    # rows
    rows("*half of the rows are lost", "web_events", LOST(0.5), VOLUME),
    rows("the file is cut after a few rows", "email_events", LOST(0.9), VOLUME),
    rows("three times as many rows as usual", "chat_events", lambda f: pd.concat([f, f, f]), VOLUME, KEYS),
    file("*a day is missing", "call_log", lambda f: f.unlink(), DUE),
    file("the day of a database is missing", "web_events", lambda f: f.unlink(), DUE),
    rows("*the file holds every row twice", "web_events", TWICE, KEYS),
    rows("the call log holds every row twice", "call_log", TWICE, KEYS),
    Fault("*yesterday is sent again", "web_events", _resent("web_events"), frozenset({AGAIN})),
    Fault("yesterday's mails are sent again", "email_events", _resent("email_events"), frozenset({AGAIN})),
    Fault("yesterday's app events are sent again", "app_events", _resent("app_events"), frozenset({AGAIN})),
    # columns
    rows("a column is dropped", "email_events", lambda f: f.drop(columns="programme"), FAILED, told="wrong columns"),
    rows("a column is renamed", "call_log", lambda f: f.rename(columns={"Anrufer": "Telefon"}), FAILED, told="missing"),
    rows("a column is new", "store_visits", lambda f: f.assign(mood="good"), COLUMNS),
    rows("a column of Parquet is dropped", "app_events", lambda f: f.drop(columns="device_id"), FAILED, told="missing"),
    rows("a field of JSON is dropped", "web_events", lambda f: f.drop(columns="user.customer_no"), NULLS),
    rows("a field of JSON is renamed", "chat_events", lambda f: f.rename(columns={"visitor.login": "visitor.user"}),
         NULLS),
    rows("two columns change places", "ad_clicks", _swapped, SHAPE, NULLS),
    rows("a column of a file without header is dropped", "ad_clicks", lambda f: f.drop(columns="kind"), FAILED,
         told="wrong columns"),
    # files
    file("*the file is empty", "call_log", _emptied, FAILED, told="empty file"),
    file("the file is truncated", "web_events", _cut, FAILED, told="truncated"),
    file("the separator changes", "email_events", text(lambda t: t.replace(";", ",")), FAILED, told="wrong columns"),
    file("the encoding changes", "email_events",
         lambda f: put(f, f.read_bytes().decode().encode("utf-16")), FAILED, told="unreadable"),
    # types
    rows("*the format of times changes", "call_log",
         to("Zeit", filled(lambda t: f"{t[3:5]}/{t[:2]}/{t[6:]}")), HELD),
    rows("one time in thirty is unreadable", "web_events", to("ts", "soon", 0.034), REFUSED),
    rows("amounts are written with a comma", "pos_receipts", to("total", filled(lambda a: a.replace(".", ","))), HELD,
         REFUSED),
    rows("*ids lose their prefix", "web_events", to("event.id", lambda i: i[1:] if i else i), SHAPE),
    rows("numbers are written another way", "call_log", to("Anrufer", filled(lambda p: "+" + p[2:])), SHAPE),
    rows("numbers of customers lose their letter", "store_visits", to("customer", filled(lambda c: c[1:])), SHAPE,
         days=2),
    rows("cookies are cut short", "web_events", to("context.device.cookie", filled(lambda c: c[:6])), SHAPE, FEW),
    rows("pages are whole addresses now", "web_events",
         to("context.page.url", filled(lambda u: f"https://www.shop.example{u}")), SHAPE, NEW),
    # units
    rows("*amounts are in cents", "pos_receipts", to("total", scaled(100)), SCALE, SHAPE),
    rows("amounts are in thousands", "pos_receipts", to("total", scaled(0.001)), SCALE, SHAPE),
    rows("amounts change their sign", "pos_receipts", to("total", scaled(-1)), SHAPE, SCALE, HELD),
    rows("amounts are all the same", "pos_receipts", to("total", "1.00"), SHAPE, SCALE, FEW),
    orders("amounts of orders are in cents", "update orders set amount = amount * 100", SHAPE, SCALE),
    # clocks
    rows("*the clock is an hour ahead, and two more", "web_events", turned("web_events", hours=3), CLOCK),
    rows("calls are in UTC now", "call_log", turned("call_log", hours=-8), CLOCK),
    rows("chats are in the wrong zone", "chat_events", turned("chat_events", hours=6), CLOCK),
    rows("visits are twelve hours off", "store_visits", turned("store_visits", hours=-12), CLOCK, days=2),
    rows("*the clock is a week late", "web_events", turned("web_events", days=-7), LATE),
    rows("mails are two days late", "email_events", turned("email_events", days=-2), LATE),
    rows("the time of day is lost", "email_events", to("sent_at", filled(lambda t: t[:10] + " 00:00:00")), CLOCK),
    rows("the year is wrong", "chat_events", turned("chat_events", days=-365), LATE),
    rows("the clock runs into the future", "call_log", turned("call_log", days=5), HELD),
    # values
    rows("*an event is renamed", "web_events", to("event.type", lambda t: t.replace("homepage.", "start.")), NEW),
    rows("calls are named in English", "call_log", to("Vorgang", "call"), NEW),
    rows("an event of the shop is renamed", "ad_clicks", to("kind", lambda k: k.replace("ad_", "advert_")), NEW),
    rows("a kind of event is not sent any more", "web_events", lambda f: f[f["event.type"] != "homepage.visited"],
         SHAPE, VOLUME),
    rows("every event is of one kind", "chat_events", to("kind", "chat_started"), SHAPE),
    rows("programmes have new names", "email_events", to("programme", filled(lambda p: p.lower() + "-x")), NEW),
    orders("orders have a new status", "update orders set status = 'P'", NEW, HELD),
    # nulls and defaults
    rows("*customer numbers are missing", "web_events", to("user.customer_no", None), NULLS),
    rows("half of the callers are missing", "call_log", to("Anrufer", "", 0.5), NULLS),
    rows("recipients are missing", "email_events", to("recipient", ""), NULLS, REFUSED, HELD),
    rows("devices are missing", "app_events", to("device_id", None), NULLS),
    rows("cards are missing", "store_visits", to("card", ""), NULLS, days=2),
    orders("orders have no login", "update orders set login = null", NULLS),
    rows("every recipient is the same", "email_events", to("recipient", "nobody@nowhere.example"), FEW),
    rows("every customer is number one", "web_events", to("user.customer_no", "C1000001"), NULLS, FEW),
    rows("every device is unknown", "app_events", to("device_id", "unknown"), FEW, SHAPE),
)  # fmt: skip
