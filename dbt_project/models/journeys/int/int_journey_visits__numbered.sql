{{ config(materialized='bucketed_table') }}

with staged as (
    select * from {{ ref('int_journey_interactions__staged') }}
    where {{ c360.in_customer_range() }}
),

journeys as (
    select journey_no, journey_key from {{ source('control', 'journeys') }}
),

visits as (
    select
        customer_id,
        journey_no,
        visit_row,
        min(instance_row) as instance_row,
        min(stage_no) as stage_no,
        {{ c360.first_by('interaction_id', 'row_no') }} as first_interaction_id,
        min(occurred_at) as entered_at,
        max(occurred_at) as last_at,
        count(*) as interactions,
        sum(active_s) as active_s,
        max(closed_by) as closed_by,
        max(case when closed_by = 2 then next_at end) as exit_at,
        max(inactive_after) as inactive_after,
        bit_or(channel_set) as channel_set,
        count(case when is_online then 1 end) as online_interactions,
        count(case when not is_online then 1 end) as offline_interactions,
        count(case when assisted then 1 end) as assisted_interactions,
        max(case when is_b2b then 1 else 0 end) as is_b2b,
        sum(value) as value,
        sum(cost) as cost
    from staged
    group by customer_id, journey_no, visit_row
),

numbered as (
    select
        *,
        row_number() over in_instance as visit_seq,
        lag(stage_no) over in_instance as previous_stage_no,
        lead(stage_no) over in_instance as next_stage_no,
        lead(entered_at) over in_instance as next_entered_at,
        first_value(first_interaction_id) over in_instance as start_interaction_id,
        row_number() over (
            partition by customer_id, journey_no, instance_row, stage_no order by visit_row
        ) as visit_no
    from visits
    window in_instance as (partition by customer_id, journey_no, instance_row order by visit_row)
),

final as (
    select
        n.customer_id,
        n.journey_no,
        n.visit_row,
        {{ c360.uuid_of(
            "cast(n.customer_id as " ~ dbt.type_string() ~ ") || '|' || j.journey_key || '|' || cast(n.start_interaction_id as "
            ~ dbt.type_string() ~ ")"
        ) }} as instance_id,
        n.stage_no,
        cast(n.visit_seq as integer) as visit_seq,
        cast(n.visit_no as integer) as visit_no,
        n.previous_stage_no,
        n.next_stage_no,
        n.entered_at,
        n.last_at,
        -- an open visit has no end, whatever the as-of instant
        case
            when n.next_entered_at is not null then n.next_entered_at
            when n.closed_by = 2 then n.exit_at
            when n.closed_by in (1, 3) then n.last_at
        end as exited_at,
        case n.closed_by when 1 then n.last_at when 2 then n.exit_at when 3 then n.inactive_after end as closed_at,
        case when n.next_entered_at is null and n.closed_by is null then n.inactive_after end as next_change_at,
        case
            when n.next_entered_at is not null then 'next_stage'
            when n.closed_by = 1 then 'terminal'
            when n.closed_by = 2 then 'exit'
            when n.closed_by = 3 then 'inactivity'
        end as exit_reason,
        case
            when n.visit_seq = 1 then 'entry'
            when n.visit_no > 1 then 'loop'
            when n.stage_no < n.previous_stage_no then 'back'
            when n.stage_no = n.previous_stage_no + 1 then 'forward'
            else 'skip'
        end as move,
        n.interactions,
        n.active_s,
        n.channel_set,
        n.online_interactions,
        n.offline_interactions,
        n.assisted_interactions,
        n.is_b2b,
        n.value,
        n.cost
    from numbered as n
    inner join journeys as j on n.journey_no = j.journey_no
)

select * from final
order by customer_id, journey_no, visit_row
