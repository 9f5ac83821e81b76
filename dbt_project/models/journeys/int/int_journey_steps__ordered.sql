{{ config(materialized='bucketed_table') }}

with journeys as (
    select * from {{ ref('int_journey_instances__counted') }}
    where {{ c360.in_customer_range() }}
),

journey_interactions as (
    select * from {{ ref('fct_journey_interactions') }}
    where {{ c360.in_customer_range() }}
),

interactions as (
    select * from {{ ref('fct_interactions') }}
    where {{ c360.in_customer_range() }}
),

ordered as (
    select
        n.instance_id,
        n.customer_id,
        n.journey_key,
        n.visit_seq,
        n.stage_id,
        n.interaction_id,
        n.occurred_at,
        j.interactions,
        i.touchpoint,
        coalesce(i.channel, 'unknown') as channel,
        i.is_online,
        coalesce(i.assisted, false) as is_assisted,
        row_number() over in_time as step_no,
        lag(coalesce(i.channel, 'unknown')) over in_time as previous_channel,
        lag(i.is_online) over in_time as previous_is_online,
        lag(n.stage_id) over in_time as previous_stage,
        lag(n.visit_seq) over in_time as previous_visit_seq,
        lag(n.occurred_at) over in_time as previous_at
    from journey_interactions as n
    inner join journeys as j on n.instance_id = j.instance_id
    inner join interactions as i on n.interaction_id = i.interaction_id
    window in_time as (
        partition by n.instance_id
        order by n.occurred_at, i.priority, i.sequence nulls last, i.slot, n.interaction_id
    )
),

final as (
    select
        instance_id,
        customer_id,
        journey_key,
        visit_seq,
        stage_id,
        interaction_id,
        occurred_at,
        touchpoint,
        channel,
        is_online,
        is_assisted,
        cast(step_no as bigint) as step_no,
        interactions - step_no as steps_left,
        previous_channel,
        previous_is_online,
        previous_stage,
        previous_visit_seq,
        {{ c360.seconds_between('previous_at', 'occurred_at') }} as gap_s
    from ordered
)

select * from final
