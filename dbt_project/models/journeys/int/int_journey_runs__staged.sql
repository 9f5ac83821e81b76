{{ config(materialized='bucketed_table') }}

-- Which instance, stage and visit each run belongs to. The stage depends on the stage before it only where several
-- match and the run before is undecided too: only those need the recursion; its depth is the longest chain of them.
with recursive runs as (
    select customer_id, journey_no, run_row, interaction_id, occurred_at, candidates, is_entry, is_terminal, is_break
    from {{ ref('int_journey_interactions__grouped') }}
    where {{ c360.in_customer_range() }} and row_no = run_row
),

neighboured as (
    select
        *,
        max(case when is_break then run_row end) over (
            partition by customer_id, journey_no order by run_row rows between unbounded preceding and current row
        ) as break_row,
        max(case when is_entry then run_row end) over (
            partition by customer_id, journey_no order by run_row rows between unbounded preceding and 1 preceding
        ) as earlier_entry_row,
        lag(run_row) over in_time as previous_row,
        lag(candidates) over in_time as previous_candidates,
        lead(is_break) over in_time as next_is_break,
        lead(candidates) over in_time as next_candidates,
        lead(occurred_at) over in_time as next_at
    from runs
    window in_time as (partition by customer_id, journey_no order by run_row)
),

-- an instance begins at the first entry after a break; what lies before it, or is an exit, is in no instance
inside as (
    select
        *,
        coalesce(earlier_entry_row < break_row, true) as is_start,
        -- 1 terminal, 2 exit, 3 inactivity; null: something follows inside the instance, or nothing at all
        case when is_terminal then 1 when next_is_break then 3 when next_candidates = 0 then 2 end as closed_by
    from neighboured
    where candidates <> 0 and (is_entry or earlier_entry_row >= break_row)
),

undecided as (
    select
        customer_id,
        journey_no,
        run_row,
        candidates,
        case when not is_start then previous_row end as previous_row,
        case when not is_start then previous_candidates end as previous_candidates
    from inside
    where bit_count(candidates) > 1
),

decided as (
    select
        customer_id,
        journey_no,
        run_row,
        {{ c360.choose_stage('candidates', 'coalesce(' ~ c360.first_of('previous_candidates') ~ ', 0)') }} as stage_no
    from undecided
    where previous_row is null or bit_count(previous_candidates) = 1
    union all
    select u.customer_id, u.journey_no, u.run_row, {{ c360.choose_stage('u.candidates', 'd.stage_no') }} as stage_no
    from decided as d
    inner join undecided as u
        on d.customer_id = u.customer_id and d.journey_no = u.journey_no and d.run_row = u.previous_row
),

-- most runs never meet an undecided one and go past the joins
certain as (
    select
        *,
        {{ c360.first_of('candidates') }} as stage_no,
        {{ c360.first_of('previous_candidates') }} as previous_stage_no
    from inside
    where bit_count(candidates) = 1 and (is_start or bit_count(previous_candidates) = 1)
),

uncertain as (
    select *
    from inside
    where bit_count(candidates) > 1 or (not is_start and bit_count(previous_candidates) > 1)
),

staged as (
    select * from certain
    union all
    select
        i.*,
        coalesce(d.stage_no, {{ c360.first_of('i.candidates') }}) as stage_no,
        coalesce(p.stage_no, {{ c360.first_of('i.previous_candidates') }}) as previous_stage_no
    from uncertain as i
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
        max(case when is_start then run_row end) over so_far as instance_row,
        max(case when is_start or stage_no <> previous_stage_no then run_row end) over so_far as visit_row,
        interaction_id as first_interaction_id,
        occurred_at as first_at,
        stage_no,
        closed_by,
        case when closed_by = 2 then next_at end as exit_at
    from staged
    window so_far as (
        partition by customer_id, journey_no order by run_row rows between unbounded preceding and current row
    )
)

select * from final
