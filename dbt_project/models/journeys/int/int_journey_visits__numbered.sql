{{ config(materialized='bucketed_table') }}

with runs as (
    select * from {{ ref('int_journey_runs__staged') }}
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
        {{ c360.first_by('first_interaction_id', 'run_row') }} as first_interaction_id,
        min(first_at) as entered_at,
        max(last_at) as last_at,
        sum(interactions) as interactions,
        -- the silence before a visit is not in it
        sum(active_s) - sum(case when run_row = visit_row then gap_before_s else 0 end) as active_s,
        max(closed_by) as closed_by,
        max(case when closed_by = 2 then next_at end) as exit_at,
        max(inactive_after) as inactive_after,
        bit_or(channel_set) as channel_set,
        sum(online_interactions) as online_interactions,
        sum(offline_interactions) as offline_interactions,
        sum(assisted_interactions) as assisted_interactions,
        {{ dbt.bool_or('is_b2b') }} as is_b2b,
        sum(value) as value,
        sum(cost) as cost
    from runs
    group by customer_id, journey_no, visit_row
),

-- an instance is named after its customer, its journey and its first interaction: once, at its first visit
named as (
    select
        v.*,
        case
            when v.visit_row = v.instance_row
                then {{ c360.uuid_of(
                    "cast(v.customer_id as " ~ dbt.type_string() ~ ") || '|' || j.journey_key || '|' || cast(v.first_interaction_id as "
                    ~ dbt.type_string() ~ ")"
                ) }}
        end as start_id
    from visits as v
    inner join journeys as j on v.journey_no = j.journey_no
),

numbered as (
    select
        *,
        row_number() over in_instance as visit_seq,
        lag(stage_no) over in_instance as previous_stage_no,
        lead(stage_no) over in_instance as next_stage_no,
        lead(entered_at) over in_instance as next_entered_at,
        first_value(start_id) over in_instance as instance_id,
        row_number() over (
            partition by customer_id, journey_no, instance_row, stage_no order by visit_row
        ) as visit_no
    from named
    window in_instance as (partition by customer_id, journey_no, instance_row order by visit_row)
),

final as (
    select
        n.customer_id,
        n.journey_no,
        n.visit_row,
        n.instance_id,
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
        cast(n.interactions as bigint) as interactions,
        cast(n.active_s as bigint) as active_s,
        n.channel_set,
        cast(n.online_interactions as bigint) as online_interactions,
        cast(n.offline_interactions as bigint) as offline_interactions,
        cast(n.assisted_interactions as bigint) as assisted_interactions,
        n.is_b2b,
        n.value,
        n.cost
    from numbered as n
)

select * from final
