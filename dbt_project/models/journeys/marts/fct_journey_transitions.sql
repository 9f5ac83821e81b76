{{ config(materialized='bucketed_table') }}

with visits as (
    select * from {{ ref('fct_journey_stages') }}
    where {{ c360.in_customer_range() }}
),

allowed as (
    select * from {{ ref('int_journey_transitions__declared') }}
),

stages as (
    select * from {{ ref('int_journey_stages__declared') }}
),

final as (
    select
        v.instance_id,
        v.customer_id,
        v.journey_key,
        v.is_current,
        v.visit_seq - 1 as visit_seq,
        v.previous_stage as from_stage,
        v.stage_id as to_stage,
        v.move,
        a.journey_key is not null as is_declared,
        v.entered_at as moved_at
    from visits as v
    inner join stages as s on v.journey_key = s.journey_key and v.previous_stage = s.stage_id
    left join allowed as a
        on v.journey_key = a.journey_key and s.stage_no = a.from_stage_no and v.stage_no = a.to_stage_no
    where v.visit_seq > 1
)

select * from final
order by customer_id, journey_key, moved_at, visit_seq
