{{ config(
    materialized='resolved_table',
    of='std_interactions',
    key='interaction_id',
    resolved=['customer_id', 'resolved_by', 'account_key'],
    sorted_for=['customer_id', 'occurred_at', 'interaction_id']
) }}

with resolved as (
    select * from {{ ref('int_interactions__resolved') }}
),

run as (
    select * from {{ ref('int_run__declared') }}
),

final as (
    select
        i.interaction_id,
        i.customer_id,
        i.resolved_by,
        i.dataset,
        i.touchpoint,
        i.channel,
        i.is_online,
        i.assisted,
        i.initiator,
        i.occurred_at,
        {{ c360.local_date('i.occurred_at', 'r.timezone') }} as occurred_date,
        i.occurred_precision,
        cast(i.priority as integer) as priority,
        cast(i.sequence as bigint) as sequence,
        cast(i.slot as integer) as slot,
        i.session_id,
        i.order_key,
        i.case_key,
        i.account_key,
        case when i.account_key is null then 'b2c' else 'b2b' end as business_model,
        cast(i.value as decimal(18, 2)) as value,
        i.currency,
        cast(i.cost as decimal(18, 2)) as cost,
        i.use_case,
        i.programme_id,
        i.source,
        i.medium,
        i.campaign,
        {{ c360.mask_url('i.url') }} as url,
        i.attributes,
        i.arrived_on,
        i.part_seq,
        i.landed_at
    from resolved as i
    cross join run as r
)

select * from final
