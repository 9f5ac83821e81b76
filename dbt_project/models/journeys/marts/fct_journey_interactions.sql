{{ config(materialized='bucketed_table') }}

with interactions as (
    select * from {{ ref('int_journey_interactions__staged') }}
    where {{ c360.in_customer_range() }}
),

visits as (
    select * from {{ ref('int_journey_visits__numbered') }}
    where {{ c360.in_customer_range() }}
),

stages as (
    select * from {{ ref('int_journey_stages__declared') }}
),

final as (
    select
        v.instance_id,
        i.interaction_id,
        i.customer_id,
        s.journey_key,
        s.stage_id,
        v.visit_seq,
        i.occurred_at
    from interactions as i
    inner join visits as v
        on i.customer_id = v.customer_id and i.journey_no = v.journey_no and i.visit_row = v.visit_row
    inner join stages as s on v.journey_no = s.journey_no and v.stage_no = s.stage_no
)

select * from final
order by customer_id, journey_key, occurred_at, interaction_id
