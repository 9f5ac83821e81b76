{{ config(materialized='bucketed_table') }}

-- The stage of an interaction depends on the stage before it only where several stages match. Equal sets of candidates
-- in a row give one stage, so only the first interaction of each such run counts, and only runs that follow another
-- undecided run need the recursion; its depth is the longest chain of those.
with recursive segmented as (
    select * from {{ ref('int_journey_interactions__segmented') }}
    where {{ c360.in_customer_range() }} and instance_row is not null
),

undecided_journeys as (
    select distinct journey_no from segmented
    where bit_count(candidates) > 1
),

match_runs as (
    select
        customer_id, journey_no, instance_row, row_no, candidates,
        lag(row_no) over earlier as previous_row,
        lag(candidates) over earlier as previous_candidates
    from segmented
    where row_no = match_row and journey_no in (select journey_no from undecided_journeys)
    window earlier as (partition by customer_id, journey_no, instance_row order by row_no)
),

undecided_runs as (
    select * from match_runs
    where bit_count(candidates) > 1
),

decided_runs as (
    select
        customer_id, journey_no, row_no,
        {{ c360.choose_stage('candidates', 'coalesce(' ~ c360.first_of('previous_candidates') ~ ', 0)') }} as stage_no
    from undecided_runs
    where previous_row is null or bit_count(previous_candidates) = 1
    union all
    select
        u.customer_id, u.journey_no, u.row_no,
        {{ c360.choose_stage('u.candidates', 'd.stage_no') }} as stage_no
    from decided_runs as d
    inner join undecided_runs as u
        on d.customer_id = u.customer_id and d.journey_no = u.journey_no and d.row_no = u.previous_row
),

staged as (
    select s.*, coalesce(d.stage_no, {{ c360.first_of('s.candidates') }}) as stage_no
    from segmented as s
    left join decided_runs as d
        on s.customer_id = d.customer_id and s.journey_no = d.journey_no and s.match_row = d.row_no
),

compared as (
    select
        *,
        row_no = instance_row or stage_no <> lag(stage_no) over in_time as is_entering,
        lag(occurred_at) over in_time as previous_at
    from staged
    window in_time as (partition by customer_id, journey_no order by row_no)
),

final as (
    select
        customer_id,
        journey_no,
        row_no,
        interaction_id,
        occurred_at,
        instance_row,
        max(case when is_entering then row_no end) over (
            partition by customer_id, journey_no order by row_no rows between unbounded preceding and current row
        ) as visit_row,
        stage_no,
        case
            when not is_entering and occurred_at <= previous_at + interval '30' minute
                then {{ c360.seconds_between('previous_at', 'occurred_at') }}
            else 0
        end as active_s,
        closed_by,
        next_at,
        inactive_after,
        channel_set,
        is_online,
        assisted,
        is_b2b,
        value,
        cost
    from compared
)

select * from final
order by customer_id, journey_no, row_no
