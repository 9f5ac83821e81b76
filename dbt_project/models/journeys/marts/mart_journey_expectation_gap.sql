with stages as (
    select * from {{ ref('dim_journey_stages') }}
    where expects is not null
),

journeys as (
    select * from {{ ref('dim_journeys') }}
),

visits as (
    select * from {{ ref('int_journey_visits__compared') }}
),

durations as (
    select * from {{ ref('mart_journey_stage_durations') }}
    where business_model = 'all'
),

answered as (
    select
        journey_key,
        stage_id,
        count(csat) as csat_visits,
        sum(csat) / nullif(count(csat), 0) as csat,
        count(effort) as effort_visits,
        sum(effort) / nullif(count(effort), 0) as effort
    from visits
    group by journey_key, stage_id
),

compared as (
    select
        s.journey_key, s.stage_no, s.stage_id, 'csat' as metric, true as more_is_better,
        {{ c360.json_text('s.expects', "'csat'") }} as expected,
        coalesce(a.csat_visits, 0) as visits,
        cast(a.csat as decimal(18, 4)) as measured
    from stages as s
    left join answered as a on s.journey_key = a.journey_key and s.stage_id = a.stage_id
    union all
    select
        s.journey_key, s.stage_no, s.stage_id, 'effort' as metric, false as more_is_better,
        {{ c360.json_text('s.expects', "'effort'") }} as expected,
        coalesce(a.effort_visits, 0) as visits,
        cast(a.effort as decimal(18, 4)) as measured
    from stages as s
    left join answered as a on s.journey_key = a.journey_key and s.stage_id = a.stage_id
    union all
    select
        s.journey_key, s.stage_no, s.stage_id, 'duration_p50_s' as metric, false as more_is_better,
        {{ c360.json_text('s.expects', "'duration_p50_s'") }} as expected,
        coalesce(d.visits, 0) as visits,
        cast(d.p50_s as decimal(18, 4)) as measured
    from stages as s
    left join durations as d on s.journey_key = d.journey_key and s.stage_id = d.stage_id
),

final as (
    select
        c.journey_key,
        j.is_current,
        c.stage_no,
        c.stage_id,
        c.metric,
        cast(c.expected as decimal(18, 4)) as expected,
        c.measured,
        cast(c.measured - cast(c.expected as decimal(18, 4)) as decimal(18, 4)) as gap,
        case
            when c.more_is_better then c.measured >= cast(c.expected as decimal(18, 4))
            else c.measured <= cast(c.expected as decimal(18, 4))
        end as is_met,
        c.visits
    from compared as c
    inner join journeys as j on c.journey_key = j.journey_key
    where c.expected is not null
)

select * from final
