{{ config(materialized='bucketed_table') }}

with interactions as (
    select entity_id, journey_no, visit_row, interaction_id, occurred_at
    from {{ ref('int_journey_interactions__walked') }}
    where {{ c360.in_customer_range('entity_id') }} and not is_outside
),

visits as (
    select
        v.entity_id, v.journey_no, v.visit_row, v.instance_id, v.visit_seq, s.journey_key, s.stage_id,
        case when j.entity = 'customer' then v.entity_id end as customer_id
    from {{ ref('int_journey_visits__numbered') }} as v
    inner join {{ ref('int_journeys__declared') }} as j on v.journey_no = j.journey_no
    inner join {{ ref('int_journey_stages__declared') }} as s
        on v.journey_no = s.journey_no and v.stage_no = s.stage_no
    where {{ c360.in_customer_range('v.entity_id') }}
),

final as (
    select
        v.instance_id,
        i.interaction_id,
        v.customer_id,
        v.journey_key,
        v.stage_id,
        v.visit_seq,
        i.occurred_at
    from interactions as i
    inner join visits as v
        on i.entity_id = v.entity_id and i.journey_no = v.journey_no and i.visit_row = v.visit_row
)

select * from final
order by customer_id, journey_key, occurred_at, interaction_id
