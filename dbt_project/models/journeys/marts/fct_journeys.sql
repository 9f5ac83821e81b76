{{ config(materialized='customer_table', is_streamed=true) }}

with instances as (
    select * from {{ ref('int_journey_instances__numbered') }}
    where {{ c360.in_customer_range('entity_id') }}
),

stages as (
    select * from {{ ref('int_journey_stages__declared') }}
),

journeys as (
    select * from {{ ref('int_journeys__declared') }}
),

variants as (
    select journey_no, path, fitness from {{ ref('int_journey_variants__aligned') }}
),

channel_sets as (
    select * from {{ ref('int_channel_sets__named') }}
),

final as (
    select
        i.instance_id,
        j.entity,
        case when j.entity = 'customer' then i.entity_id end as customer_id,
        i.account_key,
        j.journey_key,
        j.journey_id,
        j.version,
        j.is_current,
        case when i.is_b2b then 'b2b' else 'b2c' end as business_model,
        i.correlation_key,
        i.started_at,
        i.last_at as last_interaction_at,
        i.ended_at,
        i.closed_at,
        i.next_change_at,
        case
            when i.end_reason is null then 'in_progress'
            when i.end_reason = 'terminal' then s.terminal_outcome
            when i.end_reason = 'exit' then 'exited'
            when i.end_reason = 'restarted' then 'restarted'
            when i.end_reason = 'excluded' then 'void'
            else 'dropped'
        end as outcome,
        coalesce(i.end_reason in ('inactivity', 'max_wait', 'max_duration'), true) as is_censored,
        i.path,
        case when i.end_reason <> 'excluded' then v.fitness end as fitness,
        f.stage_id as first_stage,
        s.stage_id as last_stage,
        i.visits,
        i.stages_visited,
        i.interactions,
        i.online_interactions,
        i.offline_interactions,
        i.online_interactions > 0 and i.offline_interactions > 0 as is_mixed,
        {{ c360.seconds_between('i.started_at', 'i.ended_at') }} as duration_s,
        i.active_s,
        c.channels,
        c.channel_count,
        i.value,
        i.cost
    from instances as i
    inner join journeys as j on i.journey_no = j.journey_no
    inner join stages as f on i.journey_no = f.journey_no and i.first_stage_no = f.stage_no
    inner join stages as s on i.journey_no = s.journey_no and i.last_stage_no = s.stage_no
    left join variants as v on i.journey_no = v.journey_no and i.path = v.path
    left join channel_sets as c on i.channel_set = c.channel_set
)

select * from final
