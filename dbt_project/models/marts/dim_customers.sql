with customers as (
    select * from {{ ref('int_customers__resolved') }}
),

profiles as (
    select * from {{ ref('int_customers__masked') }}
),

households as (
    select
        customer_id,
        household_id
    from {{ ref('int_households__grouped') }}
),

accounts as (
    select
        customer_id,
        count(*) as accounts,
        min(case when is_sole then account_key end) as account_key
    from {{ ref('bridge_customer_accounts') }}
    group by customer_id
),

activity as (
    select
        customer_id,
        count(*) as interactions,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at,
        max(case when business_model = 'b2b' then 1 else 0 end) as is_b2b
    from {{ ref('fct_interactions') }}
    where customer_id is not null
    group by customer_id
),

purchases as (
    select
        o.customer_id,
        count(*) as orders,
        min(o.ordered_at) as first_ordered_at,
        max(o.ordered_at) as last_ordered_at,
        cast(
            sum(
                case
                    when o.currency is null or o.currency = r.currency
                        then coalesce(o.amount, 0) - coalesce(o.refunded, 0)
                    else 0
                end
            ) as decimal(18, 2)
        ) as revenue
    from {{ ref('fct_orders') }} as o
    cross join {{ ref('int_run__declared') }} as r
    where o.customer_id is not null
    group by o.customer_id
),

tiers as (
    select
        customer_id,
        percent_rank() over (order by revenue desc) as standing
    from purchases
    where revenue > 0
),

contacts as (
    select
        customer_id,
        count(*) as cases
    from {{ ref('fct_cases') }}
    where customer_id is not null
    group by customer_id
),

consents as (
    select
        customer_id,
        {{ c360.listagg_distinct('case when granted then purpose end') }} as granted_purposes,
        {{ c360.listagg_distinct('case when granted then channel end') }} as granted_channels,
        max(case when granted and purpose = 'marketing' then 1 else 0 end) = 1 as has_marketing_consent
    from {{ ref('fct_consents') }}
    where is_current
    group by customer_id
),

final as (
    select
        c.customer_id,
        c.knowledge_level,
        coalesce(a.accounts, 0) > 0 or coalesce(i.is_b2b, 0) = 1 as is_b2b,
        a.account_key,
        coalesce(a.accounts, 0) as accounts,
        h.household_id,
        p.country,
        p.region,
        p.city,
        p.language,
        p.gender,
        p.birth_year,
        p.email_domain,
        p.email_token,
        p.phone_country,
        p.phone_token,
        coalesce(s.has_marketing_consent, false) as has_marketing_consent,
        s.granted_purposes,
        s.granted_channels,
        cast(c.records as bigint) as records,
        cast(c.identifiers as bigint) as identifiers,
        c.first_arrived_on,
        i.first_seen_at,
        i.last_seen_at,
        coalesce(i.interactions, 0) as interactions,
        coalesce(o.orders, 0) as orders,
        o.first_ordered_at,
        o.last_ordered_at,
        cast(coalesce(o.revenue, 0) as decimal(18, 2)) as revenue,
        case
            when t.standing < 0.2 then 'high'
            when t.standing < 0.5 then 'medium'
            when t.standing is not null then 'low'
            else 'none'
        end as value_tier,
        coalesce(k.cases, 0) as cases
    from customers as c
    left join profiles as p on c.customer_id = p.customer_id
    left join households as h on c.customer_id = h.customer_id
    left join accounts as a on c.customer_id = a.customer_id
    left join activity as i on c.customer_id = i.customer_id
    left join purchases as o on c.customer_id = o.customer_id
    left join tiers as t on c.customer_id = t.customer_id
    left join contacts as k on c.customer_id = k.customer_id
    left join consents as s on c.customer_id = s.customer_id
)

select * from final
order by customer_id
