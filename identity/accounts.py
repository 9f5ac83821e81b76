"""Organisations that belong together: a grouping of accounts beside identity, which never merges anybody.

Put here: `ir_account_groups`, and what makes two accounts one group.
Keep out: walking up a hierarchy (hierarchy.py), who belongs to an account (the records say it).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from identity.config import IdentityConfig
from identity.defaults import ACCOUNT_FAN_OUT, ANY
from identity.engine import Engine
from identity.groups import store_groups
from identity.hierarchy import find_tops
from identity.normalise import default_country
from identity.relations import Relations
from identity.sql import customer_uuid, literals, quote


def group_accounts(engine: Engine, config: IdentityConfig, relations: Relations) -> None:
    """Write `ir_account_groups` (account_group_id, account_key, top_parent_key, is_in_cycle, reason).

    One row per account that is grouped with another: by hierarchy (one is the other's parent), by registration number
    (one legal entity in two systems), or by domain (their people write from one mail domain), directly or through
    others. `reason` names what the account shares: domain, parent, registration_number.

    The parent is the one the most trusted dataset states. An account that names itself has none. Parents in a circle
    have the smallest key as their top. The domain of an account is the one most of its records write from, public mail
    providers aside: one adviser with an address elsewhere joins no two companies. A domain or number of more accounts
    than ACCOUNT_FAN_OUT groups nobody. The id is made of the smallest account_key of the group.
    """
    _read_accounts(engine, config, relations)
    engine.store(
        "ir_account_shares",
        f"""
        with shared as (
            select account_key, 'registration_number' as reason, number as key from ir_account_numbers
            union
            select account_key, 'domain', domain from ir_account_domains
            qualify row_number() over (partition by account_key order by records desc, domain) = 1
        )
        select * from shared
        qualify count(*) over (partition by reason, key) between 2 and {ACCOUNT_FAN_OUT}
        union
        select unnest([account_key, parent_key]), 'parent', parent_key from ir_account_parents
        """,
    )
    store_groups(
        engine,
        "ir_account_members",
        "select account_key as member, reason || '|' || key as key from ir_account_shares",
    )
    _find_tops(engine)
    engine.store(
        "ir_account_groups",
        f"""
        with reasons as (
            select account_key, string_agg(distinct reason, ',' order by reason) as reason
            from ir_account_shares group by account_key
        ),
        anchors as (select group_no, min(member) as anchor from ir_account_members group by group_no)
        select {customer_uuid("'account_group|' || a.anchor")} as account_group_id, m.member as account_key,
            coalesce(t.top_parent_key, m.member) as top_parent_key, coalesce(t.is_in_cycle, false) as is_in_cycle,
            r.reason
        from ir_account_members m
        join anchors a using (group_no)
        join reasons r on r.account_key = m.member
        left join ir_account_tops t on t.account_key = m.member
        """,
    )


def _read_accounts(engine: Engine, config: IdentityConfig, relations: Relations) -> None:
    """`ir_account_parents`, `ir_account_numbers` and `ir_account_domains`: what is said of each account."""
    has_ranks = "survivorship_rank" in engine.columns(relations.datasets)
    trust = "coalesce(d.survivorship_rank, 1000000)" if has_ranks else "1000000"
    datasets = f"left join {relations.datasets} d on d.dataset = a.dataset" if has_ranks else ""
    nothing = "(select null::varchar as account_key where false)"
    declared = engine.columns(relations.accounts)
    engine.store(
        "ir_account_parents",
        f"""
        select a.account_key, a.parent_key from {relations.accounts} a {datasets}
        where a.account_key is not null and a.parent_key <> a.account_key
        qualify row_number() over (
            partition by a.account_key order by {trust}, a.valid_at desc nulls last, a.record_id
        ) = 1
        """
        if declared
        else f"select account_key, account_key as parent_key from {nothing}",
    )
    junk = " or ".join(f"regexp_matches(number, {quote(pattern)})" for pattern in config.blocklist.get(ANY, ()))
    engine.store(
        "ir_account_numbers",
        rf"""
        select distinct account_key, country || '|' || number as number
        from (
            select account_key, coalesce(upper(country), {default_country(engine, config, relations)}, '') as country,
                upper(regexp_replace(registration_number, '[^\p{{L}}\p{{N}}]', '', 'g')) as number
            from {relations.accounts}
        ) n
        where account_key is not null and number is not null and not ({junk or "false"})
        """
        if declared
        else f"select account_key, account_key as number from {nothing}",
    )
    engine.store(
        "ir_account_domains",
        f"""
        select account_key, domain, count(*) as records
        from (
            select account_key, lower(trim(split_part(email, '@', 2))) as domain
            from {relations.persons} where account_key is not null
        ) d
        where contains(domain, '.') and domain not in ({literals(config.public_mail_domains)})
        group by account_key, domain
        """,
    )


def _find_tops(engine: Engine) -> None:
    """`ir_account_tops` (account_key, top_parent_key, is_in_cycle) of every account that has a parent or is one."""
    engine.store(
        "ir_account_nodes",
        """
        select account_key, cast(row_number() over (order by account_key) - 1 as integer) as node
        from (select account_key from ir_account_parents union select parent_key from ir_account_parents)
        """,
    )
    found = engine.fetch(
        """
        select n.account_key, coalesce(up.node, n.node) as parent
        from ir_account_nodes n
        left join ir_account_parents p using (account_key)
        left join ir_account_nodes up on up.account_key = p.parent_key
        order by n.node
        """
    )
    top, is_in_cycle = find_tops(found["parent"].to_numpy())
    keys = found["account_key"].combine_chunks()
    engine.register(
        "ir_account_tops",
        pa.table(
            {
                "account_key": keys,
                "top_parent_key": keys.take(pa.array(top.astype(np.int64))),
                "is_in_cycle": is_in_cycle,
            }
        ),
    )
