-- dropped_at is the deadline: before it nobody has dropped out
with journeys as (
    select * from {{ ref('int_journey_instances__counted') }}
    where outcome = 'dropped'
),

visits as (
    select * from {{ ref('int_journey_visits__compared') }}
    where is_dropped
),

steps as (
    select
        instance_id,
        {{ c360.listagg_by("touchpoint || ' (' || channel || ')'", 'step_no', ' > ') }} as last_steps
    from {{ ref('int_journey_steps__ordered') }}
    where steps_left < 5
    group by instance_id
),

items as (
    select
        instance_id,
        {{ c360.listagg_distinct("attribute || '=' || item", ', ') }} as items_viewed
    from {{ ref('int_journey_items__viewed') }}
    group by instance_id
),

at_stake as (
    select * from {{ ref('int_journey_values__at_stake') }}
),

final as (
    select
        j.instance_id,
        j.customer_id,
        j.account_key,
        j.journey_key,
        j.is_current,
        j.business_model,
        v.stage_id as last_stage,
        v.last_channel,
        v.exit_reason,
        j.started_at,
        j.last_interaction_at,
        j.closed_at as dropped_at,
        s.last_steps,
        i.items_viewed,
        j.active_s as dwell_s,
        j.duration_s - j.active_s as wait_s,
        v.active_s as stage_dwell_s,
        a.value_at_stake
    from journeys as j
    inner join visits as v on j.instance_id = v.instance_id
    inner join steps as s on j.instance_id = s.instance_id
    left join items as i on j.instance_id = i.instance_id
    left join at_stake as a on j.journey_key = a.journey_key and j.business_model = a.business_model
)

select * from final
order by journey_key, last_stage, dropped_at, instance_id
