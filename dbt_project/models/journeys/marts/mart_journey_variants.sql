with journeys as (
    select * from {{ ref('int_journey_instances__counted') }}
),

variants as (
    select
        journey_key,
        is_current,
        path,
        max(visits) as visits,
        count(*) as instances,
        count(distinct entity_id) as customers,
        count(case when is_converted then 1 end) as converted,
        count(case when outcome = 'dropped' then 1 end) as dropped,
        count(case when outcome = 'in_progress' then 1 end) as in_progress,
        {{ c360.percentile('duration_s', 0.5) }} as duration_p50_s
    from journeys
    group by journey_key, is_current, path
),

final as (
    select
        journey_key,
        is_current,
        path,
        cast(row_number() over (partition by journey_key order by instances desc, path) as bigint) as variant_no,
        visits,
        instances,
        customers,
        cast(1.0 * instances / sum(instances) over (partition by journey_key) as decimal(9, 6)) as share,
        converted,
        dropped,
        in_progress,
        cast(1.0 * converted / nullif(instances - in_progress, 0) as decimal(9, 6)) as conversion,
        duration_p50_s
    from variants
)

select * from final
