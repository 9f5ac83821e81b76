{{ config(materialized='customer_table', is_streamed=true) }}

with visits as (
    select *, {{ c360.each_of('members') }} as member
    from {{ ref('int_journey_visits__numbered') }}
    where {{ c360.in_customer_range('entity_id') }}
),

final as (
    select
        v.instance_id,
        {{ c360.field('v.member', 'interaction_id') }} as interaction_id,
        case when j.entity = 'customer' then v.entity_id end as customer_id,
        j.journey_key,
        s.stage_id,
        v.visit_seq,
        {{ c360.field('v.member', 'occurred_at') }} as occurred_at
    from visits as v
    inner join {{ ref('int_journeys__declared') }} as j on v.journey_no = j.journey_no
    inner join {{ ref('int_journey_stages__declared') }} as s
        on v.journey_no = s.journey_no and v.stage_no = s.stage_no
)

select * from final
