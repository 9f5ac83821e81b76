{{ config(materialized='bucketed_table') }}

-- A run: interactions in a row that may belong to the same stages, are entries or not alike, and among which nothing
-- ends. All that follows is decided once a run, so a row goes through no more than two windows.
with matched as (
    select * from {{ ref('int_journey_interactions__matched') }}
),

ordered as (
    select
        *,
        row_number() over in_time as row_no,
        lag(occurred_at) over in_time as previous_at,
        lag(candidates) over in_time as previous_candidates,
        lag(is_entry) over in_time as previous_is_entry,
        lag(is_terminal) over in_time as previous_is_terminal
    from matched
    window in_time as (
        partition by customer_id, journey_no
        order by occurred_at, priority, sequence nulls last, slot, interaction_id
    )
),

-- nothing is open at first, after an end and after a deadline, whose instant itself is still inside
broken as (
    select
        *,
        row_no = 1
        or previous_candidates = 0
        or previous_is_terminal
        or coalesce(occurred_at > previous_at + inactivity_s * interval '1' second, false) as is_break
    from ordered
),

final as (
    select
        customer_id,
        journey_no,
        row_no,
        max(
            case when is_break or candidates <> previous_candidates or is_entry <> previous_is_entry then row_no end
        ) over (
            partition by customer_id, journey_no order by row_no rows between unbounded preceding and current row
        ) as run_row,
        interaction_id,
        occurred_at,
        candidates,
        is_entry,
        is_terminal,
        is_break,
        case
            when occurred_at <= previous_at + interval '30' minute
                then {{ c360.seconds_between('previous_at', 'occurred_at') }}
            else 0
        end as active_gap_s,
        channel_set,
        is_online,
        assisted,
        is_b2b,
        value,
        cost
    from broken
)

select * from final
