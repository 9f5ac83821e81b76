-- How long until a visit goes on to another stage. A visit that ended otherwise, or not yet, is known only to have
-- lasted so long: dropped ones to their deadline, open ones to as_of. The restricted mean is the area below the
-- survival curve up to the longest duration known.
with visits as (
    select * from {{ ref('int_journey_visits__compared') }}
    where not is_terminal
),

lasted as (
    select
        journey_key,
        is_current,
        stage_no,
        stage_id,
        business_model,
        known_s,
        count(*) as visits,
        count(case when is_advanced then 1 end) as advanced,
        count(duration_s) as ended,
        sum(duration_s) as duration_s,
        sum(case when duration_s is not null then active_s end) as active_s
    from visits
    group by journey_key, is_current, stage_no, stage_id, business_model, known_s
),

segments as (
    select * from lasted
    union all
    select
        journey_key,
        is_current,
        stage_no,
        stage_id,
        'all' as business_model,
        known_s,
        sum(visits) as visits,
        sum(advanced) as advanced,
        sum(ended) as ended,
        sum(duration_s) as duration_s,
        sum(active_s) as active_s
    from lasted
    group by journey_key, is_current, stage_no, stage_id, known_s
),

survived as (
    {{ c360.survive('segments', 'journey_key, stage_no, business_model', 'known_s', 'visits', 'advanced') }}
),

stepped as (
    select
        *,
        lag(survival, 1, 1.0) over in_time * (known_s - lag(known_s, 1, 0) over in_time) as area
    from survived
    window in_time as (partition by journey_key, stage_no, business_model order by known_s)
),

final as (
    select
        journey_key,
        is_current,
        stage_no,
        stage_id,
        business_model,
        cast(sum(visits) as bigint) as visits,
        cast(sum(advanced) as bigint) as advanced,
        cast(sum(visits) - sum(advanced) as bigint) as censored,
        min(case when survival <= 0.5 then known_s end) as p50_s,
        min(case when survival <= 0.25 then known_s end) as p75_s,
        min(case when survival <= 0.1 then known_s end) as p90_s,
        cast(round(sum(area)) as bigint) as restricted_mean_s,
        max(known_s) as horizon_s,
        cast(round(1.0 * sum(duration_s) / nullif(sum(ended), 0)) as bigint) as naive_mean_s,
        cast(round(1.0 * sum(active_s) / nullif(sum(ended), 0)) as bigint) as active_mean_s,
        cast(round(1.0 * (sum(duration_s) - sum(active_s)) / nullif(sum(ended), 0)) as bigint) as wait_mean_s,
        cast(1 - 1.0 * sum(active_s) / nullif(sum(duration_s), 0) as decimal(9, 6)) as wait_share
    from stepped
    group by journey_key, is_current, stage_no, stage_id, business_model
)

select * from final
