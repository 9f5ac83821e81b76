{{ config(materialized='customer_table', is_streamed=true, post_hook='{{ c360.move_answers(this) }}') }}

with visits as (
    select * from {{ ref('int_journey_visits__numbered') }}
    where {{ c360.in_customer_range('entity_id') }}
),

surveys as (
    select * from {{ ref('int_journey_visits__surveyed') }}
),

journeys as (
    select * from {{ ref('int_journeys__declared') }}
),

stages as (
    select * from {{ ref('int_journey_stages__declared') }}
),

channel_sets as (
    select * from {{ ref('int_channel_sets__named') }}
),

final as (
    select
        v.instance_id,
        case when j.entity = 'customer' then v.entity_id end as customer_id,
        j.journey_key,
        j.journey_id,
        j.version,
        j.is_current,
        s.stage_id,
        s.stage_no,
        v.visit_seq,
        v.visit_no,
        v.entered_at,
        v.last_at as last_interaction_at,
        v.exited_at,
        v.exit_reason,
        {{ c360.seconds_between('v.entered_at', 'v.exited_at') }} as duration_s,
        v.active_s,
        cast({{ c360.seconds_between('v.entered_at', 'v.exited_at') }} - v.active_s as bigint) as wait_s,
        s.sla_s,
        s.max_wait_s,
        v.exited_at > v.entered_at + s.sla_s * interval '1' second as sla_breached,
        v.move,
        v.visit_no > 1 as is_reentry,
        before.stage_id as previous_stage,
        after.stage_id as next_stage,
        s.is_mandatory,
        s.is_moment_of_truth,
        c.channels,
        c.channel_count,
        v.interactions,
        v.online_interactions,
        v.offline_interactions,
        v.assisted_interactions,
        v.online_interactions = v.interactions as is_online_only,
        v.offline_interactions = v.interactions as is_offline_only,
        v.value,
        v.cost,
        u.csat,
        u.effort,
        cast(null as double) as sentiment
    from visits as v
    inner join journeys as j on v.journey_no = j.journey_no
    inner join stages as s on v.journey_no = s.journey_no and v.stage_no = s.stage_no
    left join stages as before on v.journey_no = before.journey_no and v.previous_stage_no = before.stage_no
    left join stages as after on v.journey_no = after.journey_no and v.next_stage_no = after.stage_no
    left join channel_sets as c on v.channel_set = c.channel_set
    left join surveys as u
        on v.instance_id = u.instance_id and v.visit_seq = u.visit_seq
)

select * from final
