"""Sources about people and dealings: three SQL databases, cards, store customers, surveys, consents.

Put here: how records, orders, cases, answers and consents are written down. Keep out: events (event_feeds.py).
"""

from __future__ import annotations

import io
import re
import sqlite3
import zipfile
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq

from pipelines.simulator import plan

_ZIP_TIME = (2026, 1, 1, 0, 0, 0)


def write_person_feeds(
    con: duckdb.DuckDBPyConnection, out: Path, first_day: date, days: int, people: int
) -> dict[str, dict[str, int]]:
    """Write every source that is no event file under `out`; returns rows per dataset, as written, and their messes."""
    last_day = first_day + timedelta(days=days - 1)
    span = {"first_day": first_day, "last_day": last_day}
    databases = {
        "crm/crm.sqlite": {"customers": _CUSTOMERS, "contacts": _CONTACTS, "accounts": _ACCOUNTS},
        "shop/shop.sqlite": {"logins": _LOGINS, "orders": _ORDERS},
        "desk/desk.sqlite": {"cases": _CASES},
    }
    rows = {}
    for file, tables in databases.items():
        (out / file).parent.mkdir(parents=True, exist_ok=True)
        _write_database(con, out / file, tables, span, rows)
    counts = {
        name: {"rows": rows[table]}
        for name, table in {
            "crm_customers": "customers",
            "crm_contacts": "contacts",
            "crm_accounts": "accounts",
            "shop_accounts": "logins",
            "shop_orders": "orders",
            "service_cases": "cases",
        }.items()
    }
    counts["loyalty_cards"] = _write_cards(con, out / "loyalty", first_day, days, people)
    counts["store_customers"] = _write_store_customers(con, out / "store", first_day)
    counts["survey_responses"] = _write_surveys(con, out / "surveys", first_day, days)
    counts["consents"] = _write_consents(con, out / "consents", first_day, days)
    return counts


def _write_database(con, file: Path, tables: dict[str, str], span: dict, rows: dict[str, int]) -> None:
    file.unlink(missing_ok=True)
    with sqlite3.connect(file) as database:
        for name, query in tables.items():
            used = {k: v for k, v in span.items() if f"${k}" in query}
            found = con.execute(query, used)
            columns = [c[0] for c in found.description]
            content = found.fetchall()
            database.execute(
                f"create table {name} ({', '.join(f'{c} text' for c in columns)}, primary key ({columns[0]}))"
            )
            database.executemany(f"insert into {name} values ({', '.join('?' * len(columns))})", content)
            rows[name] = len(content)
    database.close()


def _write_cards(con, folder: Path, first_day: date, days: int, people: int) -> dict[str, int]:
    """Two full exports, the later one without the cards closed meanwhile; Latin-1, some impossible birth days."""
    folder.mkdir(parents=True, exist_ok=True)
    con.execute(_CARDS, {"broken": plan.count_per(people, 500), "closed": plan.count_per(people, 500)})
    later = first_day + timedelta(days=days * 2 // 3)
    for day, where in ((first_day, "true"), (later, "not is_closed")):
        body = con.execute(f"select string_agg(line, chr(10) order by place) from cards where {where}").fetchall()[0][0]
        header = "Karte;Vorname;Nachname;Geburtstag;Strasse;PLZ;Ort;Mail;Telefon"
        (folder / f"cards_{day:%Y-%m-%d}.csv").write_bytes(f"{header}\n{body}\n".encode("latin-1"))
    rows, closed, broken = con.execute(
        "select count(*), count(*) filter (is_closed), count(*) filter (is_broken) from cards"
    ).fetchall()[0]
    return {"rows": 2 * rows - closed, "closed_cards": closed, "broken_cells": 2 * broken}


def _write_store_customers(con, folder: Path, first_day: date) -> dict[str, int]:
    folder.mkdir(parents=True, exist_ok=True)
    body, rows = con.execute(_STORE_CUSTOMERS).fetchall()[0]
    content = f"customer\tname\tgiven\tphone\tmail\tcard\n{body}\n".encode("utf-8-sig")
    (folder / f"customers_{first_day:%Y-%m-%d}.txt").write_bytes(content)
    return {"rows": rows}


def _write_surveys(con, folder: Path, first_day: date, days: int) -> dict[str, int]:
    """One workbook a week, of the answers of the week before."""
    folder.mkdir(parents=True, exist_ok=True)
    con.execute(_SURVEYS, {"first_day": first_day, "days": days})
    weeks = [w for (w,) in con.execute("select distinct arrives from survey_answers order by 1").fetchall()]
    for day in weeks:
        frame = con.execute(
            "select * exclude (arrives) from survey_answers where arrives = $day order by response_no", {"day": day}
        ).df()
        (folder / f"survey_{day:%Y-%m-%d}.xlsx").write_bytes(_workbook(frame))
    return {"rows": con.execute("select count(*) from survey_answers").fetchall()[0][0]}


def _workbook(frame: pd.DataFrame) -> bytes:
    """XLSX with fixed times inside, so that one seed gives one file."""
    made, fixed = io.BytesIO(), io.BytesIO()
    with pd.ExcelWriter(made, engine="openpyxl") as writer:
        frame.to_excel(writer, sheet_name="answers", index=False)
        writer.book.properties.created = writer.book.properties.modified = datetime(*_ZIP_TIME)
    stamp = f"{datetime(*_ZIP_TIME):%Y-%m-%dT%H:%M:%SZ}".encode()
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"(<dcterms:modified[^>]*>)[^<]*", rb"\g<1>" + stamp, content)  # lxml writes it too
            target.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content, zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


def _write_consents(con, folder: Path, first_day: date, days: int) -> dict[str, int]:
    """Grants and withdrawals, one Parquet file a week."""
    folder.mkdir(parents=True, exist_ok=True)
    con.execute(_CONSENTS, {"first_day": first_day, "days": days})
    weeks = [w for (w,) in con.execute("select distinct arrives from consent_statements order by 1").fetchall()]
    for day in weeks:
        table = con.sql(
            "select * exclude (arrives) from consent_statements where arrives = $day order by statement_no",
            params={"day": day},
        ).to_arrow_table()
        pq.write_table(table, folder / f"consents_{day:%Y-%m-%d}.parquet")
    rows, withdrawn = con.execute("select count(*), count(*) filter (not granted) from consent_statements").fetchall()[
        0
    ]
    return {"rows": rows, "withdrawals": withdrawn}


# The CRM was filled on the first day; one row in ten changed on a later Monday.
_CHANGED = """strftime(
    least($first_day + cast(case when row_no % 10 = 0 then 7 * (1 + row_no // 10 % 5) else 0 end as integer),
    $last_day) + interval '2' hour, '%Y-%m-%d %H:%M:%S')"""

_CUSTOMERS = f"""
    select record_key as customer_no, case gender when 'female' then 'Frau' else 'Herr' end as salutation,
        first_name, last_name,
        cast(birth_date as varchar) as birth_date, gender[1] as gender, email, '+49' || phone as phone, street,
            postcode, city,
        'Deutschland' as country, login, {_CHANGED} as updated_at
    from records where dataset = 'crm_customers' order by record_key
"""

_CONTACTS = f"""
    select record_key as contact_no, account_no, first_name, last_name, email, '+49' || phone as phone, login,
        cast(date '2021-01-04' + cast(row_no % 1500 as integer) as varchar) as since, {_CHANGED} as updated_at
    from records where dataset = 'crm_contacts' order by record_key
"""

_ACCOUNTS = """
    select account_no, name, parent_no, industry, size_band, cast(employees as varchar) as employees, 'DE' as country,
        strftime($first_day + interval '1' hour, '%Y-%m-%d %H:%M:%S') as updated_at
    from accounts order by account_no
"""

_LOGINS = f"""
    select record_key as login, first_name, last_name, email, case when phone is not null then '0' || phone end as
        phone, street,
        postcode, city, {_CHANGED} as updated_at
    from records where dataset = 'shop_accounts' order by record_key
"""

# The cursor is the day an order arrives: the day it was placed, later for late ones.
_ORDERS = """
    select event_id as order_no, strftime(occurred_at, '%Y-%m-%d %H:%M:%S') as ordered_at, touchpoint as kind, login,
        email as guest_email, customer_no, cast(amount as varchar) as amount, 'paid' as status, plan_family as product,
        programme_id as programme,
        strftime(case when arrived_on > cast(occurred_at as date) then arrived_on + interval '9' hour
            else least(occurred_at + interval '10' minute, arrived_on + interval '86399' second) end,
                '%Y-%m-%d %H:%M:%S') as updated_at
    from events where dataset = 'shop_orders' order by event_id
"""

_CASES = """
    select case_no, min(customer_no) as customer_no, strftime(min(occurred_at), '%Y-%m-%d %H:%M:%S') as opened_at,
        strftime(max(occurred_at) filter (touchpoint = 'case_closed'), '%Y-%m-%d %H:%M:%S') as closed_at,
        (['billing', 'outage', 'router', 'contract'])[1 + min(ev) % 4] as topic,
        case when bool_or(touchpoint = 'case_closed') then 'closed' when bool_or(touchpoint =
            'complaint_escalated') then 'escalated'
            else 'open' end as status,
        case when min(ev) % 5 = 0 then 'high' else 'normal' end as priority,
        strftime(max(occurred_at), '%Y-%m-%d %H:%M:%S') as updated_at
    from events where case_no is not null group by case_no order by case_no
"""

_CARDS = """
    create table cards as
    with held as (
        select record_key, first_name, last_name, strftime(birth_date, '%d.%m.%Y') as birthday, street, postcode,
            city, email, phone,
            false as is_closed, mess = '' and typo is null and row_number() over (order by mess <> '' or typo is
                not null, row_no) <= $broken as is_broken
        from records where dataset = 'loyalty_cards'
        union all
        select 'L9' || lpad(cast(person as varchar), 7, '0'), first_name, last_name, strftime(birth_date, '%d.%m.%Y'),
            street || ' ' || house, postcode, city, email, phone, true, false
        from (select * from people where is_clean and not in_loyalty and not is_business order by person limit $closed)
    )
    select is_closed, is_broken, row_number() over (order by record_key) as place,
        concat_ws(';', record_key, first_name, last_name, case when is_broken then '31.02.1980' else birthday end,
            street, postcode, city,
            coalesce(email, ''), '0' || phone[:4] || '/' || phone[5:]) as line
    from held
"""

_STORE_CUSTOMERS = """
    select string_agg(concat_ws(chr(9), record_key, last_name, first_name, '0049 ' || phone, coalesce(email, ''),
        coalesce(card_no, '')),
        chr(10) order by record_key), count(*)
    from records where dataset = 'store_customers'
"""

# Each respondent answers once or twice; whoever had a case is asked about it, the others about the company.
_SURVEYS = """
    create table survey_answers as
    with asked as (
        select r.*, nth, (person * 7919 + nth * 31) as seed, k.case_no, k.closed
        from records as r cross join (values (1), (2)) as answers(nth)
        left join (
            select person, min(case_no) as case_no, arg_min(occurred_at, case_no) as closed
            from events where touchpoint = 'case_closed' group by person
        ) as k using (person)
        where dataset = 'survey_responses' and (nth = 1 or person % 2 = 0)
    ),
    answered as (
        select *, nth = 1 and case_no is not null as about_case,
            least(case when nth = 1 and case_no is not null then closed + to_hours(cast(1 + seed % 40 as integer))
                else $first_day + to_seconds((seed * 6151) % ($days * 86400)) end, $first_day + to_seconds($days *
                    86400 - 60)) as answered
        from asked
    )
    select 'A' || record_key[2:] || '-' || nth as response_no, record_key as respondent_no, first_name, last_name,
        email,
        strftime(answered, '%d.%m.%Y %H:%M') as answered_at,
        case when about_case then cast(3 + seed % 3 as varchar) end as csat,
        case when not about_case and nth = 1 then cast(2 + seed % 9 as varchar) end as nps,
        case when about_case or nth = 2 then cast(1 + seed % 7 as varchar) end as ces,
        case when about_case then case_no end as case_no,
        least($first_day + cast(7 * (1 + date_diff('day', $first_day, cast(answered as date)) // 7) as integer),
            $first_day + cast($days - 1 as integer)) as arrives
    from answered
"""

_CONSENTS = """
    create table consent_statements as
    with stated as (
        select customer_no, person, nth, nth = 1 as granted,
            $first_day + to_seconds((person * 6151 + nth * 86400 * 9) % ($days * 86400 // 2) + (nth - 1) * ($days *
                86400 // 2)) as stated_at
        from people cross join (values (1), (2)) as statements(nth)
        where in_crm and person % 10 < 7 and (nth = 1 or person % 10 = 0)
    )
    select 'Z' || customer_no[2:] || '-' || nth as statement_no, customer_no, 'marketing' as purpose, 'email' as
        channel, granted, stated_at,
        least($first_day + cast(7 * (1 + date_diff('day', $first_day, cast(stated_at as date)) // 7) as integer),
            $first_day + cast($days - 1 as integer)) as arrives
    from stated
"""
