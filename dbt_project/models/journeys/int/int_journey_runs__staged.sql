{{ config(materialized='bucketed_table') }}

-- Which instance, stage and visit each run belongs to. The stage depends on the stage before it only where several
-- match and the run before is undecided too: only those need the recursion; its depth is the longest chain of them.
with recursive grouped as (
    select * from {{ ref('int_journey_interactions__grouped') }}
    where {{ c360.in_customer_range() }}
),

journeys as (
    select j.journey_no, j.inactivity_s, r.as_of
    from {{ source('control', 'journeys') }} as j
    cross join (select max(as_of) as as_of from {{ source('control', 'run') }}) as r
),

runs as (
    select
        customer_id,
        journey_no,
        run_row,
        min(candidates) as candidates,
        {{ dbt.bool_or('is_entry') }} as is_entry,
        {{ dbt.bool_or('is_terminal') }} as is_terminal,
        {{ dbt.bool_or('is_break') }} as is_break,
        {{ c360.first_by('interaction_id', 'row_no') }} as first_interaction_id,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at,
        count(*) as interactions,
        sum(active_gap_s) as active_s,
        sum(case when row_no = run_row then active_gap_s else 0 end) as gap_before_s,
        bit_or(channel_set) as channel_set,
        count(case when is_online then 1 end) as online_interactions,
        count(case when not is_online then 1 end) as offline_interactions,
        count(case when assisted then 1 end) as assisted_interactions,
        {{ dbt.bool_or('is_b2b') }} as is_b2b,
        sum(value) as value,
        sum(cost) as cost
    from grouped
    group by customer_id, journey_no, run_row
),

neighboured as (
    select
        *,
        max(case when is_break then run_row end) over (
            partition by customer_id, journey_no order by run_row rows between unbounded preceding and current row
        ) as break_row,
        lag(run_row) over in_time as previous_row,
        lag(candidates) over in_time as previous_candidates,
        lead(candidates) over in_time as next_candidates,
        lead(first_at) over in_time as next_at
    from runs
    window in_time as (partition by customer_id, journey_no order by run_row)
),

-- an instance begins at the first entry after a break; what lies before it, or is an exit, is in no instance
instanced as (
    select
        *,
        min(case when is_entry then run_row end) over (partition by customer_id, journey_no, break_row) as entry_row
    from neighboured
),

inside as (
    select
        n.*,
        n.entry_row as instance_row,
        n.last_at + j.inactivity_s * interval '1' second as inactive_after,
        j.as_of
    from instanced as n
    inner join journeys as j on n.journey_no = j.journey_no
    where n.entry_row <= n.run_row and n.candidates <> 0
),

undecided as (
    select customer_id, journey_no, run_row, instance_row, previous_row, candidates, previous_candidates
    from inside
    where bit_count(candidates) > 1
),

decided as (
    select
        customer_id,
        journey_no,
        run_row,
        {{ c360.choose_stage(
            'candidates', "case when run_row > instance_row then " ~ c360.first_of('previous_candidates') ~ " else 0 end"
        ) }} as stage_no
    from undecided
    where run_row = instance_row or bit_count(previous_candidates) = 1
    union all
    select u.customer_id, u.journey_no, u.run_row, {{ c360.choose_stage('u.candidates', 'd.stage_no') }} as stage_no
    from decided as d
    inner join undecided as u
        on
            d.customer_id = u.customer_id
            and d.journey_no = u.journey_no
            and d.run_row = u.previous_row
            and u.run_row > u.instance_row
),

staged as (
    select
        i.*,
        coalesce(d.stage_no, {{ c360.first_of('i.candidates') }}) as stage_no,
        coalesce(p.stage_no, {{ c360.first_of('i.previous_candidates') }}) as previous_stage_no
    from inside as i
    left join decided as d
        on i.customer_id = d.customer_id and i.journey_no = d.journey_no and i.run_row = d.run_row
    left join decided as p
        on i.customer_id = p.customer_id and i.journey_no = p.journey_no and i.previous_row = p.run_row
),

final as (
    select
        customer_id,
        journey_no,
        run_row,
        instance_row,
        max(case when run_row = instance_row or stage_no <> previous_stage_no then run_row end) over (
            partition by customer_id, journey_no order by run_row rows between unbounded preceding and current row
        ) as visit_row,
        stage_no,
        first_interaction_id,
        first_at,
        last_at,
        next_at,
        inactive_after,
        -- 1 terminal, 2 exit, 3 inactivity; null: something follows inside the instance, or it is open
        case
            when is_terminal then 1
            when next_candidates = 0 and coalesce(next_at <= inactive_after, true) then 2
            when coalesce(next_at, as_of) > inactive_after then 3
        end as closed_by,
        interactions,
        active_s,
        gap_before_s,
        channel_set,
        online_interactions,
        offline_interactions,
        assisted_interactions,
        is_b2b,
        value,
        cost
    from staged
)

select * from final
