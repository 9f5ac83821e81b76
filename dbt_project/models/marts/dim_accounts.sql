with declared as (
    select * from {{ ref('int_accounts__ranked') }}
),

grouped as (
    select * from {{ ref('int_accounts__grouped') }}
),

members as (
    select
        account_key,
        count(*) as customers
    from {{ ref('bridge_customer_accounts') }}
    group by account_key
),

activity as (
    select
        account_key,
        count(*) as interactions,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at
    from {{ ref('fct_interactions') }}
    where account_key is not null
    group by account_key
),

-- An account may be named by a person, an interaction or a subsidiary before any source describes it.
named as (
    select account_key from declared
    union
    select parent_key from declared where parent_key is not null
    union
    select account_key from members
    union
    select account_key from activity
),

final as (
    select
        n.account_key,
        coalesce(d.is_described, false) as is_declared,
        d.name,
        d.industry,
        d.country,
        d.parent_key,
        coalesce(g.top_parent_key, n.account_key) as top_parent_key,
        g.account_group_id,
        coalesce(g.is_in_cycle, false) as is_in_cycle,
        d.size_band,
        d.dataset,
        coalesce(m.customers, 0) as customers,
        coalesce(a.interactions, 0) as interactions,
        a.first_seen_at,
        a.last_seen_at
    from named as n
    left join declared as d
        on n.account_key = d.account_key
    left join grouped as g
        on n.account_key = g.account_key
    left join members as m
        on n.account_key = m.account_key
    left join activity as a
        on n.account_key = a.account_key
)

select * from final
