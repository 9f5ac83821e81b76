{{ config(materialized='customer_table', is_streamed=true) }}

with visits as (
    select * from {{ ref('int_journey_visits__numbered') }}
    where {{ c360.in_customer_range('entity_id') }} and visit_seq > 1
),

journeys as (
    select * from {{ ref('int_journeys__declared') }}
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
        case when j.entity = 'customer' then v.entity_id end as customer_id,
        j.journey_key,
        j.is_current,
        v.visit_seq - 1 as visit_seq,
        before.stage_id as from_stage,
        after.stage_id as to_stage,
        v.move,
        a.journey_key is not null as is_declared,
        v.entered_at as moved_at
    from visits as v
    inner join journeys as j on v.journey_no = j.journey_no
    inner join stages as before on v.journey_no = before.journey_no and v.previous_stage_no = before.stage_no
    inner join stages as after on v.journey_no = after.journey_no and v.stage_no = after.stage_no
    left join allowed as a
        on
            j.journey_key = a.journey_key
            and v.previous_stage_no = a.from_stage_no
            and v.stage_no = a.to_stage_no
)

select * from final
