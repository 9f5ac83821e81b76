{{ config(materialized='bucketed_table') }}

with visits as (
    select * from {{ ref('int_journey_visits__numbered') }}
    where {{ c360.in_customer_range('entity_id') }}
),

stages as (
    select * from {{ ref('int_journey_stages__declared') }}
),

journeys as (
    select * from {{ ref('int_journeys__declared') }}
),

accounts as (
    select distinct entity_id, account_key from {{ ref('int_account_interactions__keyed') }}
    where {{ c360.in_customer_range('entity_id') }}
),

instances as (
    select
        instance_id,
        entity_id,
        journey_no,
        max(correlation_key) as correlation_key,
        min(entered_at) as started_at,
        max(last_at) as last_at,
        max(closed_at) as closed_at,
        case when count(closed_at) > 0 then max(exited_at) end as ended_at,
        max(next_change_at) as next_change_at,
        max(case when exit_reason <> 'next_stage' then exit_reason end) as end_reason,
        max(path) as path,
        max(case when visit_seq = 1 then stage_no end) as first_stage_no,
        max(case when next_stage_no is null then stage_no end) as last_stage_no,
        count(*) as visits,
        count(case when visit_no = 1 then 1 end) as stages_visited,
        sum(interactions) as interactions,
        sum(active_s) as active_s,
        bit_or(channel_set) as channel_set,
        sum(online_interactions) as online_interactions,
        sum(offline_interactions) as offline_interactions,
        {{ dbt.bool_or('is_b2b') }} as is_b2b,
        sum(value) as value,
        sum(cost) as cost
    from visits
    group by instance_id, entity_id, journey_no
),

channel_sets as (
    {{ c360.name_channel_sets('instances') }}
),

final as (
    select
        i.instance_id,
        j.entity,
        case when j.entity = 'customer' then i.entity_id end as customer_id,
        a.account_key,
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
        f.stage_id as first_stage,
        s.stage_id as last_stage,
        i.visits,
        i.stages_visited,
        cast(i.interactions as bigint) as interactions,
        cast(i.online_interactions as bigint) as online_interactions,
        cast(i.offline_interactions as bigint) as offline_interactions,
        i.online_interactions > 0 and i.offline_interactions > 0 as is_mixed,
        {{ c360.seconds_between('i.started_at', 'i.ended_at') }} as duration_s,
        cast(i.active_s as bigint) as active_s,
        c.channels,
        c.channel_count,
        cast(i.value as decimal(18, 2)) as value,
        cast(i.cost as decimal(18, 2)) as cost
    from instances as i
    inner join journeys as j on i.journey_no = j.journey_no
    inner join stages as f on i.journey_no = f.journey_no and i.first_stage_no = f.stage_no
    inner join stages as s on i.journey_no = s.journey_no and i.last_stage_no = s.stage_no
    left join accounts as a on j.entity = 'account' and i.entity_id = a.entity_id
    left join channel_sets as c on i.channel_set = c.channel_set
)

select * from final
order by customer_id, account_key, journey_key, started_at
