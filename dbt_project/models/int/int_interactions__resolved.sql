with interactions as (
    select * from {{ ref('std_interactions') }}
    where {{ c360.in_rewritten('interaction_id') }}
),

identified as (
    {{ c360.resolve_customers('interactions', 'occurred_at') }}
),

orders as (
    select
        order_key,
        {{ c360.first_by('customer_id', 'record_id') }} as customer_id
    from {{ ref('int_orders__resolved') }}
    where customer_id is not null
    group by order_key
),

cases as (
    select
        case_key,
        {{ c360.first_by('customer_id', 'record_id') }} as customer_id
    from {{ ref('int_cases__resolved') }}
    where customer_id is not null
    group by case_key
),

sole_accounts as (
    select
        customer_id,
        account_key
    from {{ ref('int_customer_accounts__linked') }}
    where is_sole
),

-- Without an identifier that names anybody, the order decides, then the case.
located as (
    select
        i.interaction_id,
        coalesce(i.customer_id, o.customer_id, c.customer_id) as customer_id,
        case
            when i.customer_id is not null then i.resolved_by
            when o.customer_id is not null then 'order'
            when c.customer_id is not null then 'case'
            else 'none'
        end as resolved_by,
        i.dataset,
        i.touchpoint,
        i.channel,
        i.is_online,
        i.assisted,
        i.initiator,
        i.occurred_at,
        i.occurred_precision,
        i.priority,
        i.sequence,
        i.slot,
        i.session_id,
        i.order_key,
        i.case_key,
        i.account_key,
        i.value,
        i.currency,
        i.cost,
        i.use_case,
        i.programme_id,
        i.source,
        i.medium,
        i.campaign,
        i.url,
        i.attributes,
        i.arrived_on,
        i.part_seq,
        i.landed_at
    from identified as i
    left join orders as o
        on case when i.customer_id is null then i.order_key end = o.order_key
    left join cases as c
        on case when i.customer_id is null then i.case_key end = c.case_key
),

final as (
    select
        {{ c360.as_uuid('i.interaction_id') }} as interaction_id,
        i.customer_id,
        i.resolved_by,
        i.dataset,
        i.touchpoint,
        i.channel,
        i.is_online,
        i.assisted,
        i.initiator,
        i.occurred_at,
        i.occurred_precision,
        i.priority,
        i.sequence,
        i.slot,
        i.session_id,
        i.order_key,
        i.case_key,
        coalesce(i.account_key, a.account_key) as account_key,
        i.value,
        i.currency,
        i.cost,
        i.use_case,
        i.programme_id,
        i.source,
        i.medium,
        i.campaign,
        i.url,
        i.attributes,
        i.arrived_on,
        i.part_seq,
        i.landed_at
    from located as i
    left join sole_accounts as a
        on i.customer_id = a.customer_id
)

select * from final
