"""Customers who live together: a grouping beside identity, which never merges anybody.

Put here: `ir_households`, and what makes two customers one household.
Keep out: who is a customer (customers.py), which of several addresses is theirs (survivorship.py).
"""

from __future__ import annotations

from identity.config import IdentityConfig
from identity.defaults import SURNAME_PARTICLES
from identity.engine import Engine
from identity.groups import store_groups
from identity.guard import count_addresses
from identity.scope import Scope
from identity.sql import customer_uuid, key_of, literals

LOYALTY = "loyalty_number"
_FAMILY = "h.address || '|' || n.name"


def group_households(engine: Engine, config: IdentityConfig, scope: Scope) -> None:
    """Write `ir_households` (household_id, customer_id, reason), one row per member of a household of two or more.

    Also `ir_household_shares` (customer_id, reason, key), what every customer could share, told by a number, and
    `ir_regrouped`, all customers of a region whose household was looked at: those of the region, and whoever shares or
    shared with them.

    Two customers are of one household where they share their address and a family name, or a loyalty account; so is
    whoever is joined to them by others, so that a customer has one household at most. `reason` names what the member
    shares: address, loyalty, or both.

    The address is the golden one alone: people move, and an earlier address would keep them in the household they
    left. Not so one stated by a record of an organisation, which is an office, nor a hub, an address with more records
    than the fan-out. The family names are those of all the customer's records, since a name by marriage or birth joins
    a family as well; of a double name each part counts.

    A loyalty account is shared by rule where the company guards its number (`guard.identifiers` of identity.yml): then
    several people may carry one, and who contradict each other stay two customers. Without the guard a number is one
    person, and one that two customers came to carry is a fault for review. An `account_key` is an organisation and
    makes no household.

    The id is made of the household's smallest member by (first_arrived_on, anchor); no run, batch or order enters.
    """
    _find_homes(engine, config)
    shares = [_by_address()]
    if LOYALTY in config.guarded:
        shares.append(_by_loyalty())
    engine.store(
        "ir_household_shares",
        f"select customer_id, reason, key from ({' union '.join(shares)}) s join ir_customers using (label)",
    )
    _gather_sharers(engine, scope)
    engine.store("ir_shares", "select * from ir_sharers qualify count(*) over (partition by key) > 1")
    store_groups(engine, "ir_household_members", "select customer_id as member, key from ir_shares")
    engine.store(
        "ir_households",
        f"""
        with members as (
            select m.group_no, c.*
            from ir_household_members m
            join (
                select customer_id, first_arrived_on, anchor from ir_customers
                union all
                select customer_id, first_arrived_on, anchor
                from identity.customers semi join ir_joined using (customer_id)
            ) c on c.customer_id = m.member
        ),
        anchors as (
            select group_no, arg_min(anchor, (coalesce(first_arrived_on, date '9999-12-31'), anchor)) as anchor
            from members group by group_no
        ),
        reasons as (
            select customer_id,
                case when min(reason) = max(reason) then min(reason) else 'address,loyalty' end as reason
            from ir_shares group by customer_id
        )
        select {customer_uuid("'household|' || a.anchor")} as household_id, m.customer_id, r.reason
        from members m join anchors a using (group_no) join reasons r using (customer_id)
        """,
    )
    engine.drop("ir_homes", "ir_sharers", "ir_shares", "ir_household_members")


def _gather_sharers(engine: Engine, scope: Scope) -> None:
    """`ir_sharers` (customer_id, reason, key): of all customers whose household may be another now, also those of
    `ir_joined`, outside the region, whom a household of before or a new share brings in. `ir_regrouped` are they all.
    """
    if scope.is_full:
        engine.store("ir_joined", "select customer_id from ir_customers where false")
    else:
        engine.store(
            "ir_joined",
            """
            with met as (
                select customer_id from identity_index.household_shares
                semi join ir_household_shares using (key)
            ),
            concerned as (
                select customer_id from ir_old_customers union select customer_id from met
            )
            select customer_id from (
                select customer_id from met
                union
                select customer_id from identity.households where household_id in (
                    select household_id from identity.households semi join concerned using (customer_id))
            ) anti join ir_old_customers using (customer_id)
            """,
        )
    engine.store(
        "ir_sharers",
        """
        select customer_id, reason, key from ir_household_shares
        union all
        select customer_id, reason, key from identity_index.household_shares semi join ir_joined using (customer_id)
        """,
    )
    if not scope.is_full:
        regrouped = ("ir_old_customers", "ir_customers", "ir_joined")
        engine.store("ir_regrouped", " union ".join(f"select customer_id from {name}" for name in regrouped))


def _find_homes(engine: Engine, config: IdentityConfig) -> None:
    """`ir_homes` (label, address): where customers live, by the record that gave the golden address."""
    hubs = "select address from ir_addresses where state = 'hub'"
    if not config.match_address:  # then nobody has counted them
        limit = config.fan_out.get("address")
        hubs = f"select address from ({count_addresses()}) where records > {limit or 'records'}"
    engine.store(
        "ir_homes",
        f"""
        with golden as (
            select label, node_id from ir_gathered where is_alone and account_key is null
            union all
            select distinct g.label, g.node_id
            from ir_gathered g join ir_chosen c on c.customer_id = g.customer_id and c.address_record_id = g.record_id
            where not g.is_alone and g.account_key is null
        )
        select label, address from golden join ir_people using (node_id)
        where address is not null and address not in ({hubs})
        """,
    )


def _by_address() -> str:
    return f"""
        select n.label, 'address' as reason, {key_of(_FAMILY)} as key
        from ir_homes h
        join (
            select l.label, p.last as name from ir_people p join ir_labels l using (node_id) where p.last is not null
            union
            select label, name from (
                select l.label, unnest(string_split(p.last, ' ')) as name
                from ir_people p join ir_labels l using (node_id) where contains(p.last, ' ')
            ) parts
            where length(name) > 2 and name not in ({literals(SURNAME_PARTICLES)})
        ) n using (label)
    """


def _by_loyalty() -> str:
    return f"""
        select l.label, 'loyalty' as reason, {key_of("i.node")} as key
        from ir_uses u
        join ir_identifiers i using (node_id)
        left join ir_unusable x using (node_id)
        join ir_labels l on l.node_id = u.record_id
        where i.identifier_type = '{LOYALTY}' and i.state = 'used' and x.state is distinct from 'hub'
    """
