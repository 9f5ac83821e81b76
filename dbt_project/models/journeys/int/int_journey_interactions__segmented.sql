{{ config(materialized='bucketed_table') }}

with matched as (
    select * from {{ ref('int_journey_interactions__matched') }}
),

run as (
    select max(as_of) as as_of from {{ source('control', 'run') }}
),

with_deadline as (
    select
        *,
        -- the instant itself is still inside
        occurred_at + inactivity_s * interval '1' second as inactive_after
    from matched
),

ordered as (
    select
        *,
        row_number() over in_time as row_no,
        lag(is_exit or is_terminal) over in_time as follows_end,
        lag(inactive_after) over in_time as previous_inactive_after,
        lag(candidates) over in_time as previous_candidates,
        lead(is_exit) over in_time as next_is_exit,
        lead(occurred_at) over in_time as next_at
    from with_deadline
    window in_time as (
        partition by customer_id, journey_no
        order by occurred_at, priority, sequence nulls last, slot, interaction_id
    )
),

-- nothing is open after an end, after a deadline, and at first
broken as (
    select
        *,
        follows_end is null or follows_end or coalesce(occurred_at > previous_inactive_after, false) as is_break
    from ordered
),

marked as (
    select
        *,
        max(case when is_break then row_no end) over so_far as break_row,
        max(case when is_entry then row_no end) over before as earlier_entry_row
    from broken
    window
        so_far as (
            partition by customer_id, journey_no order by row_no rows between unbounded preceding and current row
        ),
        before as (
            partition by customer_id, journey_no order by row_no rows between unbounded preceding and 1 preceding
        )
),

started as (
    select *, is_entry and coalesce(earlier_entry_row < break_row, true) as is_start
    from marked
),

segmented as (
    select
        *,
        max(case when is_start then row_no end) over so_far as start_row,
        max(case when is_start or candidates <> previous_candidates then row_no end) over so_far as match_row
    from started
    window so_far as (
        partition by customer_id, journey_no order by row_no rows between unbounded preceding and current row
    )
),

final as (
    select
        s.customer_id,
        s.journey_no,
        s.row_no,
        s.interaction_id,
        s.occurred_at,
        s.candidates,
        case when s.start_row >= s.break_row then s.start_row end as instance_row,
        s.match_row,
        -- 1 terminal, 2 exit, 3 inactivity; null: something follows inside the instance, or it is open
        case
            when not coalesce(s.start_row >= s.break_row, false) then null
            when s.is_terminal then 1
            when s.next_is_exit and coalesce(s.next_at <= s.inactive_after, true) then 2
            when s.next_at > s.inactive_after then 3
            when s.next_at is null and r.as_of > s.inactive_after then 3
        end as closed_by,
        s.next_at,
        s.inactive_after,
        s.channel_set,
        s.is_online,
        s.assisted,
        s.is_b2b,
        s.value,
        s.cost
    from segmented as s
    cross join run as r
    where not s.is_exit
)

select * from final
order by customer_id, journey_no, row_no
