"""What the person sources hold: one row per source and person, with the distortions of real life.

Put here: which attributes a source has, typos, nicknames, role mailboxes, second addresses.
Keep out: file formats (feeds.py).
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.simulator import plan

_TYPO_FIELDS = ("last_name", "street", "birth_date", "email", "first_name")
_TYPO_ODDS = (0.45, 0.30, 0.10, 0.10, 0.05)


def make_records(con: duckdb.DuckDBPyConnection, rng: np.random.Generator, count: int) -> dict[str, int]:
    """Create `records` (dataset, person, record_key and the attributes the source holds) from `people`.

    Typos and nicknames fall on private people only: business people stay resolvable, so that their shares come back.
    Adds `people.is_clean`: no mess, typo or nickname touches any of the person's records. Returns the planted counts.
    """
    con.execute(_RECORDS)
    rows = con.sql("""
        select row_no, dataset in ('crm_customers', 'loyalty_cards') as has_birth, dataset <> 'survey_responses' as
            has_street,
            dataset not in ('crm_customers') and nickname is not null as can_nick
        from records where not is_business and mess = '' order by row_no
    """).fetchnumpy()
    total = con.sql("select count(*) from records").fetchall()[0][0]
    chosen = rng.permutation(len(rows["row_no"]))
    typos = chosen[: round(plan.TYPO_SHARE * total)]
    field = rng.choice(len(_TYPO_FIELDS), len(typos), p=_TYPO_ODDS)
    field[(field == 2) & ~rows["has_birth"][typos]] = 0
    field[(field == 1) & ~rows["has_street"][typos]] = 0
    rest = chosen[len(typos) :]
    nicks = rest[rows["can_nick"][rest]][: round(plan.NICKNAME_SHARE * total)]
    con.register(
        "typo_draws",
        pa.table(
            {
                "row_no": np.concatenate([rows["row_no"][typos], rows["row_no"][nicks]]),
                "typo": pa.array([*_TYPO_FIELDS, "nickname"]).take(
                    pa.array(np.concatenate([field, np.full(len(nicks), len(_TYPO_FIELDS))]))
                ),
                "spot": rng.integers(2, 5, len(typos) + len(nicks)),
            }
        ),
    )
    con.execute(_DISTORT)
    mailboxes = _give_role_mailboxes(con, plan.count_per(count, 250, 2))
    con.execute("""
        create or replace table people as
        select p.*, mess = '' and not exists (select 1 from records as r where r.person = p.person and typo is not null)
            as is_clean
        from people as p order by person
    """)
    return {"person_records": total, "typos": len(typos), "nicknames": len(nicks), **mailboxes}


def _give_role_mailboxes(con: duckdb.DuckDBPyConnection, wanted: int) -> dict[str, int]:
    """Two contacts of each of `wanted` organisations give info@… as their e-mail in the CRM."""
    con.execute(
        """
        create table role_mailboxes as
        select row_number() over (order by account_no) - 1 as role, 'info@' || any_domain as email, account_no
        from (select account_no, min(work_domain) as any_domain from people where is_business
              group by account_no having count(*) >= 2 order by account_no limit $wanted)
        """,
        {"wanted": wanted},
    )
    con.execute("""
        update records set email = m.email from role_mailboxes as m
        where records.dataset = 'crm_contacts' and records.account_no = m.account_no and records.place_in_account <= 2
    """)
    found = con.sql("select count(*) from role_mailboxes").fetchall()[0][0]
    return {"role_mailboxes": found, "records_with_role_mailbox": 2 * found}


# A record needs one exact identifier in common with the person's others: a card without e-mail only where the CRM
# knows the phone, a store customer always with a phone. People without a common identifier have other contact
# points and no login in the system that is not their first.
_RECORDS = """
    create table records as
    with sourced as (
        select 'crm_customers' as dataset, * from people where in_crm and not is_business
        union all select 'crm_contacts', * from people where is_business
        union all select 'shop_accounts', * from people where in_shop
        union all select 'loyalty_cards', * from people where in_loyalty
        union all select 'survey_responses', * from people where in_survey
        union all select 'store_customers', * from people where in_store
    ),
    placed as (
        select *, case dataset when 'shop_accounts' then in_crm when 'loyalty_cards' then in_crm or in_shop else
            false end
                and mess = 'no_common' as is_elsewhere,
            (person * 31 + length(dataset)) % 10 as luck,
            row_number() over (partition by dataset, account_no order by person) as place_in_account
        from sourced
    )
    select row_number() over (order by person, dataset) - 1 as row_no, dataset, person, person_id, is_business,
        mess, nickname,
        case dataset when 'crm_customers' then customer_no when 'crm_contacts' then customer_no when
            'shop_accounts' then login
            when 'loyalty_cards' then card_no when 'survey_responses' then 'R' || substr(person_id, 2)
            else 'S' || substr(person_id, 2) end as record_key,
        first_name, last_name, gender, birth_date,
        case when dataset = 'store_customers' and (in_crm or in_shop or in_loyalty) then null
             when dataset = 'loyalty_cards' and in_crm and mess = '' and luck < 3 then null
             when is_elsewhere then other_email else email end as email,
        case when dataset = 'survey_responses' then null
             when dataset = 'shop_accounts' and mess = '' and not in_store and luck < 4 and not is_business then null
             when is_elsewhere then other_phone else phone end as phone,
        street || ' ' || house as street, postcode, city, account_no, customer_no, place_in_account,
        case when dataset = 'shop_accounts' or (dataset in ('crm_customers', 'crm_contacts') and login_in_crm) then
            login end as login,
        case when dataset = 'loyalty_cards' or (dataset = 'store_customers' and luck < 5) then card_no end as card_no,
        is_elsewhere
    from placed
    order by row_no
"""

_DISTORT = """
    create or replace table records as
    select r.* replace (
        case typo when 'nickname' then nickname when 'first_name' then substr(first_name, 1, spot - 1) ||
            substr(first_name, spot + 1)
            else first_name end as first_name,
        case when typo = 'last_name' then substr(last_name, 1, spot) || substr(last_name, spot, 1) ||
            substr(last_name, spot + 1)
            else last_name end as last_name,
        case when is_elsewhere then replace(replace(street, 'straße', 'str.'), 'weg ', 'weg Nr. ')
            when typo = 'street' then substr(street, 1, spot - 1) || substr(street, spot + 1) else street end as street,
        case when typo = 'birth_date' then birth_date + 365 else birth_date end as birth_date,
        case when typo = 'email' then substr(email, 1, spot - 1) || substr(email, spot + 1) else email end as email
    ), d.typo
    from records as r left join typo_draws as d using (row_no)
    order by row_no
"""
