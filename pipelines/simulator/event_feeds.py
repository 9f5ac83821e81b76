"""Files of events, one per source and arrival day, each source with its own format, clock and names.

Put here: how an event is written down by web, app, e-mail, ads, chat, calls and stores.
Keep out: person sources and databases (person_feeds.py), which identifiers an event carries (events.py).
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from pipelines.simulator import plan

# The call centre writes German; its contract maps these to touchpoints.
CALL_TYPES = {
    "courtesy_call": "Höflichkeitsanruf",
    "renewal_call": "Verlängerung besprochen",
    "contract_ended": "Kündigung",
    "service_call": "Rückruf",
    "case_opened": "Fall eröffnet",
    "case_closed": "Fall gelöst",
    "complaint_escalated": "Beschwerde übergeben",
    "sales_call": "Verkaufsgespräch",
    "offer_declined": "Angebot abgelehnt",
}


@dataclass(frozen=True)
class Feed:
    """One event source. `line`: SQL giving the text of a row of `written`, whose `ts` is UTC, null where broken."""

    dataset: str
    stem: str
    suffix: str
    line: str
    header: str | None = None
    encoding: str = "utf-8"


def _joined(separator: str, *columns: str) -> str:
    return f" || '{separator}' || ".join(f"coalesce(cast({c} as varchar), '')" for c in columns)


def _local(zone: str, pattern: str) -> str:
    return f"strftime(timezone('{zone}', timezone('UTC', ts)), '{pattern}')"


FEEDS = (
    Feed(
        "web_events",
        "web/web",
        ".jsonl.gz",
        """cast(to_json({'event': {'id': id, 'type': replace(touchpoint, '_', '.')},
            'ts': strftime(ts, '%Y-%m-%dT%H:%M:%SZ'),
            'context': {'device': {'cookie': cookie}, 'page': {'url': '/' || replace(touchpoint, '_', '-')}},
            'user': {'login': login, 'customer_no': customer_no}, 'plan': {'family': plan_family},
            'programme': programme_id})
            as varchar)""",
    ),
    Feed(
        "email_events",
        "email/email",
        ".csv",
        _joined(";", "id", "strftime(ts, '%Y-%m-%d %H:%M:%S')", "upper(touchpoint)", "email", "programme_id"),
        "event_id;sent_at;event;recipient;programme",
    ),
    Feed(
        "ad_clicks",
        "ads/clicks",
        ".tsv",
        _joined(
            "\t", "id", "strftime(ts, '%Y-%m-%dT%H:%M:%S+00:00')", "touchpoint", "cookie", "customer_no", "programme_id"
        ),
    ),
    Feed(
        "chat_events",
        "chat/chat",
        ".jsonl",
        f"""cast(to_json({{'id': id, 'at': {_local("America/Chicago", "%Y-%m-%d %H:%M:%S")}, 'kind': touchpoint,
            'visitor': {{'login': login, 'email': email, 'customer_no': customer_no}},
            'programme': programme_id}}) as varchar)""",
    ),
    Feed(
        "call_log",
        "calls/calls",
        ".csv",
        _joined(
            ";",
            "id",
            _local("Asia/Manila", "%d.%m.%Y %H:%M:%S"),
            "call_type",
            "'0049' || phone",
            "customer_no",
            "case_no",
            "programme_id",
        ),
        "Nr;Zeit;Vorgang;Anrufer;Kundennummer;Fallnummer;Programm",
        "latin-1",
    ),
    Feed(
        "store_visits",
        "store/visits",
        ".csv",
        _joined(
            "|",
            "id",
            _local("Europe/Berlin", "%d.%m.%Y %H:%M:%S"),
            "touchpoint",
            "card_no",
            "customer_no",
            "'0' || phone",
            "plan_family",
            "programme_id",
        ),
        "visit|time|reason|card|customer|phone|plan_family|programme",
    ),
    Feed(
        "pos_receipts",
        "store/pos",
        ".csv",
        _joined(
            ",",
            "id",
            f"{_local('Europe/Berlin', '%Y-%m-%dT%H:%M:%S')} || '+01:00'",
            "touchpoint",
            "card_no",
            "customer_no",
            "amount",
            "plan_family",
            "programme_id",
        ),
        "receipt,printed_at,kind,card,customer,total,plan_family,programme",
        "utf-8-sig",
    ),
)


def write_event_feeds(con: duckdb.DuckDBPyConnection, out: Path, people: int) -> dict[str, dict[str, int]]:
    """Write every event source under `out`; returns rows, copies and broken ones per dataset, as written."""
    con.execute(
        "create table call_types as select unnest($t) as touchpoint, unnest($c) as call_type",
        {"t": list(CALL_TYPES), "c": list(CALL_TYPES.values())},
    )
    con.execute(_WRITTEN, {"broken": plan.count_per(people, 250)})
    con.execute("""
        create table renaming as
        select min(day) + cast((max(day) - min(day)) // 2 as integer) as renamed_on from written
    """)
    for feed in FEEDS:
        _write_lines(con, feed, out)
    _write_app(con, out)
    found = con.sql("""
        select dataset, count(*) as rows, count(*) filter (is_copy) as copies, count(*) filter (broken = 'line') as
            broken_lines,
            count(*) filter (broken = 'row') as broken_rows from written group by dataset order by dataset
    """).fetchall()
    return {d: {"rows": r, "copies": c, "broken_lines": b, "broken_rows": m} for d, r, c, b, m in found}


def _write_lines(con: duckdb.DuckDBPyConnection, feed: Feed, out: Path) -> None:
    (out / feed.stem).parent.mkdir(parents=True, exist_ok=True)
    for day in _days_of(con, feed.dataset):
        body = con.execute(
            f"""
            with lines as (
                select place, broken, {feed.line} as line from written left join call_types using (touchpoint)
                where dataset = $dataset and day = $day
            )
            select string_agg(
                case when broken = 'line' then left(line, length(line) // 2) else line end, chr(10) order by place
            )
            from lines
            """,
            {"dataset": feed.dataset, "day": day},
        ).fetchall()[0][0]
        content = (f"{feed.header}\n{body}\n" if feed.header else f"{body}\n").encode(feed.encoding)
        if feed.suffix.endswith(".gz"):
            content = gzip.compress(content, 6, mtime=0)
        (out / f"{feed.stem}_{day:%Y-%m-%d}{feed.suffix}").write_bytes(content)


def _days_of(con: duckdb.DuckDBPyConnection, dataset: str) -> list[date]:
    """Arrival days of a dataset, in order."""
    days = con.execute("select distinct day from written where dataset = $d order by day", {"d": dataset})
    return [day for (day,) in days.fetchall()]


def _write_app(con: duckdb.DuckDBPyConnection, out: Path) -> None:
    """Parquet; half-way the app renamed its event types from AppOpened to app_opened."""
    (out / "app").mkdir(parents=True, exist_ok=True)
    for day in _days_of(con, "app_events"):
        table = con.sql(
            """
            select id as event_id, ts as occurred_at, case when day >= (select renamed_on from renaming) then touchpoint
                else array_to_string(list_transform(string_split(touchpoint, '_'), lambda w: upper(w[1]) || w[2:]),
                    '') end as event_type,
                device as device_id, login as login_name, customer_no, programme_id as programme
            from written where dataset = 'app_events' and day = $day order by place
            """,
            params={"day": day},
        ).to_arrow_table()
        pq.write_table(table, out / "app" / f"app_{day:%Y-%m-%d}.parquet", compression="zstd")


# What is in the files: every event at its first arrival, copies at theirs, and broken rows spread over the files of at
# least 50 rows (in smaller ones a single one could exceed the error rate and hold the file). A broken row is half a
# line, or an event of its own (key X…) without a time; Parquet has no half lines.
_WRITTEN = """
    create table written as
    with sent as (
        select ev, dataset, event_id, occurred_at, first_arrival, arrived_on, copied_on, touchpoint, cookie, device,
            login, customer_no, card_no, email, phone, plan_family, case_no, amount, programme_id
        from events where dataset <> 'shop_orders'
    ),
    to_break as (
        select *, row_number() over (partition by dataset order by nth, first_arrival) as n
        from (
            select *, row_number() over (partition by dataset, first_arrival order by ev) as nth from sent
            qualify count(*) over (partition by dataset, first_arrival) >= 50
        )
    ),
    rows as (
        select case when copied_on is null then arrived_on else first_arrival end as day,
            false as is_copy, null as broken, event_id as id, occurred_at as ts, *
        from sent
        union all
        select copied_on, true, null, event_id, occurred_at, * from sent where copied_on is not null
        union all
        select arrived_on, false, case when n % 2 = 0 or dataset = 'app_events' then 'row' else 'line' end, 'X' ||
            event_id,
            case when n % 2 = 0 or dataset = 'app_events' then null else occurred_at end, * exclude (nth, n)
        from to_break where n <= $broken
    )
    select *, row_number() over (order by dataset, day, ev, is_copy, broken nulls first) as place from rows order
        by place
"""
