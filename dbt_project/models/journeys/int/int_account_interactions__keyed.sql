-- What journeys of accounts are made of, with an id that falls into ranges like a customer's; empty without such a
-- journey.
with account_touchpoints as (
    select distinct r.touchpoint
    from {{ source('control', 'journey_rules') }} as r
    inner join {{ source('control', 'journeys') }} as j on r.journey_no = j.journey_no
    where j.entity = 'account'
),

final as (
    select
        {{ c360.uuid_of('i.account_key') }} as entity_id,
        i.account_key, i.customer_id, i.interaction_id, i.touchpoint, i.occurred_at, i.priority, i.sequence, i.slot,
        i.channel, i.is_online, i.assisted, i.business_model, i.value, i.cost, i.attributes, i.order_key, i.case_key
    from {{ ref('fct_interactions') }} as i
    inner join account_touchpoints as t on i.touchpoint = t.touchpoint
    where i.account_key is not null
)

select * from final
order by entity_id
