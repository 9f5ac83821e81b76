"""Who exists: people, their households, employers and contact points, and which systems know them.

Put here: the truth about people. Keep out: how a source distorts it (records.py).
"""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa

from pipelines.simulator import names, plan

# Chance that a system holds a record of a private person. Business people are in crm and shop, always, and some answer
# surveys: nine cases in ten are theirs.
_BUSINESS_ANSWERS = 0.4
_KNOWN_TO = {"in_crm": 0.60, "in_shop": 0.50, "in_loyalty": 0.40, "in_survey": 0.15, "in_store": 0.15}


def make_people(con: duckdb.DuckDBPyConnection, rng: np.random.Generator, count: int) -> dict[str, int]:
    """Create the tables `people` (one row per person, 0-based `person`) and `accounts` (one per organisation).

    Private people come first, business people last. Returns the planted counts.
    """
    business = round(plan.BUSINESS_SHARE * count)
    private = count - business
    household = _households(rng, private)
    first, last, birth = _names(rng, household, count)
    mess, phone_owner, planted = _messes(rng, household, first, count)
    known = _systems(rng, private, count, mess)
    accounts = max(4, business // 3)
    account = np.full(count, -1)
    account[private:] = _employers(rng, business, accounts)
    number = rng.permutation(count)
    address = np.concatenate([household, household.max() + 1 + np.arange(business)])
    con.register("first_names", _lookup(["name", "nickname", "sex"], names.list_first_names()))
    con.register("last_names", _lookup(["name"], [(n,) for n in names.list_last_names()]))
    con.register("addresses", _addresses(rng, address.max() + 1))
    draws = pa.table(
        {
            "person": np.arange(count),
            "is_business": np.arange(count) >= private,
            "first_no": first,
            "last_no": last,
            "birth": birth,
            "address_no": address,
            "account": account,
            "mess": mess,
            "phone_owner": phone_owner,
            "number": number,
            "domain": rng.integers(0, 5, count),
            "login_in_crm": rng.random(count) < 0.5,
            **known,
        }
    )
    con.register("person_draws", draws)
    con.execute(_ACCOUNTS, {"accounts": accounts, "enterprises": max(1, round(accounts * 0.5))})
    con.execute(_PEOPLE)
    owned = con.sql("select count(parent_no) from accounts").fetchall()[0][0]
    counts = {"people": count, "business_people": business, "accounts": accounts, "owned_accounts": owned}
    return {**planted, **counts}


def _lookup(columns: list[str], rows: list[tuple]) -> pa.Table:
    """Word lists as a table with its position as `no`."""
    fields = {c: [r[i] for r in rows] for i, c in enumerate(columns)}
    return pa.table({"no": np.arange(len(rows)), **fields})


def _households(rng: np.random.Generator, private: int) -> np.ndarray:
    sizes = rng.choice([1, 2, 3, 4], size=private, p=[0.55, 0.25, 0.12, 0.08])
    return np.repeat(np.arange(private), sizes)[:private]


def _names(rng: np.random.Generator, household: np.ndarray, count: int) -> tuple[np.ndarray, ...]:
    """Positions in the name lists and birth days. One household: one last name, first names of different initials.

    No two people share first name, last name and birth day.
    """
    listed = names.list_first_names()
    group_of = np.array([ord(n[0]) % 4 for n, _, _ in listed])
    groups = [np.flatnonzero(group_of == g) for g in range(4)]
    private = len(household)
    starts = np.searchsorted(household, household)
    group = np.empty(count, dtype=np.int64)
    group[:private] = (household + np.arange(private) - starts) % 4
    group[private:] = rng.integers(0, 4, count - private)
    first = np.empty(count, dtype=np.int64)
    for g, members in enumerate(groups):
        chosen = group == g
        first[chosen] = rng.choice(members, chosen.sum())
    surnames = len(names.list_last_names())
    last = np.concatenate([rng.integers(0, surnames, household.max() + 1)[household], np.zeros(count - private, int)])
    last[private:] = rng.integers(0, surnames, count - private)
    birth = rng.integers(0, 22_500, count)  # days since 1945-01-01: 18 to 80 years old in 2026
    while True:
        triple = np.stack([first, last, birth], axis=1)
        _, kept = np.unique(triple, axis=0, return_index=True)
        again = np.setdiff1d(np.arange(count), kept)
        if not len(again):
            return first, last, birth
        birth[again] = rng.integers(0, 22_500, len(again))


def _messes(
    rng: np.random.Generator, household: np.ndarray, first: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray, dict[str, int]]:
    """One mess at most per private person: family_email, recycled_phone, old_phone, no_common, or ''."""
    private = len(household)
    mess = np.full(count, "", dtype="<U16")
    sizes = np.bincount(household)
    shared = rng.permutation(np.flatnonzero(sizes >= 2))[: round(plan.FAMILY_EMAIL_SHARE * count / 2)]
    heads = np.searchsorted(household, shared)
    mess[heads] = mess[heads + 1] = "family_email"
    initials = np.array([ord(n[0]) % 4 for n, _, _ in names.list_first_names()])[first[:private]]
    free = rng.permutation(np.flatnonzero(mess[:private] == ""))
    recycled = round(plan.RECYCLED_PHONE_SHARE * count)
    old, new = free[initials[free] < 2][:recycled], free[initials[free] >= 2][:recycled]
    mess[old], mess[new] = "old_phone", "recycled_phone"
    phone_owner = np.arange(count)
    phone_owner[new] = old
    free = rng.permutation(np.flatnonzero(mess[:private] == ""))
    apart = free[: round(plan.NO_COMMON_IDENTIFIER_SHARE * count)]
    mess[apart] = "no_common"
    return (
        mess,
        phone_owner,
        {
            "people_with_family_email": 2 * len(shared),
            "family_emails": len(shared),
            "recycled_phones": recycled,
            "people_without_common_identifier": len(apart),
        },
    )


def _systems(rng: np.random.Generator, private: int, count: int, mess: np.ndarray) -> dict[str, np.ndarray]:
    known = {system: rng.random(count) < chance for system, chance in _KNOWN_TO.items()}
    nowhere = ~np.logical_or.reduce(list(known.values()))
    known["in_crm"] |= nowhere
    known["in_crm"] |= np.isin(mess, ["family_email", "recycled_phone", "old_phone"])
    pair = rng.integers(0, 3, count)  # which one of crm, shop, loyalty does not know a person without common identifier
    for place, system in enumerate(known):
        known[system] = np.where(mess == "no_common", (place < 3) & (pair != place), known[system])
        known[system][private:] = system in ("in_crm", "in_shop")
    known["in_survey"][private:] = rng.random(count - private) < _BUSINESS_ANSWERS
    return known


def _employers(rng: np.random.Generator, business: int, accounts: int) -> np.ndarray:
    """Every account has a contact; the first half of accounts (enterprises) employ about 70 % of the contacts."""
    each = np.where(np.arange(accounts) < max(1, round(accounts * 0.5)), 7.0, 3.0)
    more = rng.choice(accounts, business - accounts, p=each / each.sum())
    return np.sort(np.concatenate([np.arange(accounts), more]))


def _addresses(rng: np.random.Generator, count: int) -> pa.Table:
    towns, streets = names.list_towns(), names.list_streets()
    town = pa.array(rng.integers(0, len(towns), count))
    return pa.table(
        {
            "no": np.arange(count),
            "street": pa.array(streets).take(pa.array(rng.integers(0, len(streets), count))),
            "house": rng.integers(1, 190, count),
            "postcode": pa.array([t[0] for t in towns]).take(town),
            "city": pa.array([t[1] for t in towns]).take(town),
        }
    )


_ACCOUNTS = f"""
    create table accounts as
    with words as (select string_split('{names.COMPANY_WORDS}', ' ') as w, string_split('{names.COMPANY_KINDS}',
        ' ') as k,
                          string_split('{names.INDUSTRIES}', ' ') as i)
    select account, 'A' || lpad(cast(account + 1 as varchar), 6, '0') as account_no,
        w[1 + account % len(w)] || ' ' || k[1 + (account // len(w)) % len(k)]
            || case when account >= len(w) * len(k) then ' ' || account // (len(w) * len(k)) else '' end as name,
        i[1 + (account // len(w)) % len(i)] as industry,
        case when account < $enterprises then 'enterprise' else 'smb' end as size_band,
        case when account < $enterprises then 250 + (account * 7919) % 20000 else 3 + account % 200 end as employees,
        lower(replace(name, ' ', '-')) || '.example' as domain,
        case account % 10 when 3 then account - 2 when 6 then account - 3 end as owner,  -- chains of three
        'A' || lpad(cast(owner + 1 as varchar), 6, '0') as parent_no
    from range($accounts) as r(account), words
"""

_PEOPLE = """
    create table people as
    with domains as (select ['postfach', 'kurier', 'freipost', 'briefkasten', 'mailhaus'] as d),
    spelled as (
        select p.*, f.name as first_name, f.nickname, case f.sex when 'f' then 'female' else 'male' end as gender,
            l.name as last_name, date '1945-01-01' + cast(birth as integer) as birth_date,
            a.street, a.house, a.postcode, a.city, c.account_no, c.size_band, c.domain as work_domain,
            lower(f.name) || '.' || lower(l.name) || p.number as mailbox
        from person_draws as p
        join first_names as f on f.no = first_no
        join last_names as l on l.no = last_no
        join addresses as a on a.no = address_no
        left join accounts as c on c.account = p.account
    )
    select person, 'P' || lpad(cast(person + 1 as varchar), 7, '0') as person_id, is_business, account_no, size_band,
        first_name, nickname, last_name, gender, birth_date, street, house, postcode, city, address_no as
            household, mess,
        case when is_business then mailbox || '@' || work_domain
             when mess = 'family_email' then 'familie.' || lower(last_name) || address_no || '@' || d[1 +
                 address_no % 5] || '.example'
             else mailbox || '@' || d[1 + domain] || '.example' end as email,
        'neu.' || mailbox || '@' || d[1 + (domain + 1) % 5] || '.example' as other_email,
        case when is_business then '30' || 20000000 + (person * 7919) % 70000000
             else '1511' || lpad(cast((phone_owner * 7919 + 1234567) % 10000000 as varchar), 7, '0') end as phone,
        '1520' || lpad(cast((person * 7919 + 1234567) % 10000000 as varchar), 7, '0') as other_phone,
        in_crm, in_shop, in_loyalty, in_survey, in_store, work_domain,
        case when in_crm then 'C' || lpad(cast(1000000 + number as varchar), 7, '0') end as customer_no,
        case when in_shop then lower(first_name) || number end as login,
        case when in_loyalty then 'L' || lpad(cast(40000000 + number * 13 as varchar), 8, '0') end as card_no,
        in_shop and mess <> 'no_common' and (is_business or login_in_crm) as login_in_crm
    from spelled, domains
    order by person
"""
