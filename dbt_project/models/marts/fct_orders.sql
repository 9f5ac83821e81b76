with resolved as (
    select * from {{ ref('int_orders__resolved') }}
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
        o.order_key,
        o.dataset,
        o.customer_id,
        o.resolved_by,
        a.account_key,
        case when a.account_key is null then 'b2c' else 'b2b' end as business_model,
        o.ordered_at,
        {{ c360.local_date('o.ordered_at', 'r.timezone') }} as ordered_date,
        o.status,
        cast(o.amount as decimal(18, 2)) as amount,
        o.currency,
        cast(o.tax as decimal(18, 2)) as tax,
        cast(o.discount as decimal(18, 2)) as discount,
        cast(o.shipping as decimal(18, 2)) as shipping,
        cast(o.refunded as decimal(18, 2)) as refunded,
        cast(o.lines as bigint) as lines,
        cast(o.quantity as decimal(18, 2)) as quantity,
        o.products,
        o.arrived_on,
        o.part_seq,
        o.landed_at
    from resolved as o
    cross join run as r
    left join sole_accounts as a
        on o.customer_id = a.customer_id
)

select * from final
order by customer_id, ordered_at, dataset, order_key
