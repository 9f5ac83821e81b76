{{ config(materialized='view') }}

with instances as (
    select * from {{ ref('int_journey_spans__walked') }}
    where path is not null
),

judged as (
    {{ c360.judge_ends('instances') }}
),

final as (
    select
        entity_id,
        journey_no,
        instance_id,
        account_key,
        correlation_key,
        entered_at as started_at,
        last_at,
        closed_at,
        ended_at,
        next_change_at,
        exit_reason as end_reason,
        path,
        first_stage_no,
        stage_no as last_stage_no,
        visits,
        stages_visited,
        interactions,
        active_s,
        channel_set,
        online_interactions,
        offline_interactions,
        is_b2b,
        value,
        cost
    from judged
)

select * from final
