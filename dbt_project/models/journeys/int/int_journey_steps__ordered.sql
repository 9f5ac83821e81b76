{{ config(materialized='customer_table') }}

with visits as (
    select entity_id, journey_no, instance_id, visit_seq, stage_no, {{ c360.each_of('members') }} as member
    from {{ ref('int_journey_visits__numbered') }}
    where {{ c360.in_customer_range('entity_id') }}
),

journeys as (
    select * from {{ ref('int_journey_instances__counted') }}
    where {{ c360.in_customer_range('entity_id') }}
),

stages as (
    select * from {{ ref('int_journey_stages__declared') }}
),

interactions as (
    select customer_id as entity_id, interaction_id, touchpoint, channel, is_online, assisted
    from {{ ref('fct_interactions') }}
    where {{ c360.in_customer_range() }}
    union all
    select entity_id, interaction_id, touchpoint, channel, is_online, assisted
    from {{ ref('int_account_interactions__keyed') }}
    where {{ c360.in_customer_range('entity_id') }}
),

staged as (
    select
        v.instance_id,
        v.visit_seq,
        v.stage_no,
        v.journey_no,
        v.entity_id,
        {{ c360.field('v.member', 'row_no') }} as row_no,
        {{ c360.field('v.member', 'interaction_id') }} as interaction_id,
        {{ c360.field('v.member', 'occurred_at') }} as occurred_at,
        j.journey_key,
        j.interactions
    from visits as v
    inner join journeys as j on v.instance_id = j.instance_id
),

ordered as (
    select
        s.*,
        i.touchpoint,
        coalesce(i.channel, 'unknown') as channel,
        i.is_online,
        coalesce(i.assisted, false) as is_assisted,
        row_number() over in_time as step_no,
        lag(coalesce(i.channel, 'unknown')) over in_time as previous_channel,
        lag(i.is_online) over in_time as previous_is_online,
        lag(s.stage_no) over in_time as previous_stage_no,
        lag(s.visit_seq) over in_time as previous_visit_seq,
        lag(s.occurred_at) over in_time as previous_at
    from staged as s
    inner join interactions as i on s.interaction_id = i.interaction_id and s.entity_id = i.entity_id
    window in_time as (partition by s.instance_id order by s.row_no)
),

final as (
    select
        o.instance_id,
        o.entity_id,
        o.journey_key,
        o.visit_seq,
        o.interaction_id,
        t.stage_id,
        o.touchpoint,
        o.channel,
        o.is_online,
        o.is_assisted,
        o.step_no,
        o.interactions - o.step_no as steps_left,
        o.previous_channel,
        o.previous_is_online,
        before.stage_id as previous_stage,
        o.previous_visit_seq,
        {{ c360.seconds_between('o.previous_at', 'o.occurred_at') }} as gap_s
    from ordered as o
    inner join stages as t on o.journey_no = t.journey_no and o.stage_no = t.stage_no
    left join stages as before on o.journey_no = before.journey_no and o.previous_stage_no = before.stage_no
)

select * from final
