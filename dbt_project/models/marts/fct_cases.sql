with resolved as (
    select * from {{ ref('int_cases__resolved') }}
),

run as (
    select * from {{ ref('int_run__declared') }}
),

sole_accounts as (
    select
        customer_id,
        account_key
    from {{ ref('int_customer_accounts__linked') }}
    where is_sole
),

final as (
    select
        c.case_key,
        c.dataset,
        c.customer_id,
        c.resolved_by,
        a.account_key,
        case when a.account_key is null then 'b2c' else 'b2b' end as business_model,
        c.opened_at,
        {{ c360.local_date('c.opened_at', 'r.timezone') }} as opened_date,
        c.closed_at,
        {{ c360.local_date('c.closed_at', 'r.timezone') }} as closed_date,
        {{ c360.seconds_between('c.opened_at', 'c.closed_at') }} as duration_s,
        c.topic,
        c.status,
        c.priority,
        c.channel,
        cast(c.cost as decimal(18, 2)) as cost,
        c.arrived_on,
        c.part_seq,
        c.landed_at
    from resolved as c
    cross join run as r
    left join sole_accounts as a
        on c.customer_id = a.customer_id
)

select * from final
order by customer_id, opened_at, dataset, case_key
