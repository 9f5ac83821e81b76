{{ config(materialized='view') }}

with visits as (
    select * from {{ ref('int_journey_spans__walked') }}
    where visit_seq is not null
),

judged as (
    {{ c360.judge_ends('visits') }}
),

final as (
    select
        entity_id,
        journey_no,
        instance_id,
        stage_no,
        visit_seq,
        visit_no,
        previous_stage_no,
        next_stage_no,
        entered_at,
        last_at,
        ended_at as exited_at,
        exit_reason,
        case
            when visit_seq = 1 then 'entry'
            when visit_no > 1 then 'loop'
            when stage_no < previous_stage_no then 'back'
            when stage_no = previous_stage_no + 1 then 'forward'
            else 'skip'
        end as move,
        interactions,
        members,
        active_s,
        channel_set,
        online_interactions,
        offline_interactions,
        assisted_interactions,
        is_b2b,
        value,
        cost
    from judged
)

select * from final
