-- Visits of an instance follow each other without a hole, so that their times add up to its time; only the last visit
-- may be open, and then the instance is.
{{ config(meta={'dagster': {'ref': {'name': 'fct_journey_stages', 'package': 'c360', 'version': 1}}}) }}

with visits as (
    select
        *,
        lag(exited_at) over (partition by instance_id order by visit_seq) as previous_exited_at,
        lag(stage_id) over (partition by instance_id order by visit_seq) as stage_before
    from {{ ref('fct_journey_stages') }}
),

sums as (
    select
        instance_id,
        count(*) as visits,
        sum(
            case
                when visit_seq > 1 and (previous_exited_at is null or previous_exited_at <> entered_at) then 1
                else 0
            end
        ) as holes,
        sum(case when visit_seq > 1 and stage_before = stage_id then 1 else 0 end) as doubled,
        sum(case when duration_s < active_s or wait_s <> duration_s - active_s then 1 else 0 end) as bad_times,
        sum(case when exited_at is null then 1 else 0 end) as open_visits,
        sum(case when exit_reason = 'next_stage' then 1 else 0 end) as passed,
        sum(duration_s) as duration_s,
        sum(active_s) as active_s
    from visits
    group by instance_id
)

select j.instance_id
from {{ ref('fct_journeys') }} as j
inner join sums as s on j.instance_id = s.instance_id
where
    s.holes + s.doubled + s.bad_times > 0
    or s.passed <> s.visits - 1
    or s.open_visits <> case when j.outcome = 'in_progress' then 1 else 0 end
    or (j.ended_at is null) <> (j.outcome = 'in_progress')
    or (j.ended_at is not null and s.duration_s <> j.duration_s)
    or s.active_s <> j.active_s
