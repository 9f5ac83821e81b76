with instances as (
    select * from {{ ref('fct_journeys') }} where outcome <> 'void'
),

counted as (
    select
        journey_key,
        count(*) as instances,
        count(distinct customer_id) as customers,
        count(distinct account_key) as accounts,
        count(case when outcome = 'in_progress' then 1 end) as open_instances,
        count(case when outcome not in ('in_progress', 'exited', 'dropped', 'restarted') then 1 end) as completed,
        count(case when outcome = 'converted' then 1 end) as converted,
        count(case when outcome = 'exited' then 1 end) as exited,
        count(case when outcome = 'dropped' then 1 end) as dropped,
        count(case when outcome = 'restarted' then 1 end) as restarted,
        median(
            case when outcome not in ('in_progress', 'exited', 'dropped', 'restarted') then duration_s end
        ) as median_duration_s
    from instances
    group by journey_key
),

changed as (
    select journey_key, count(*) as changes
    from {{ ref('mart_journey_version_changes') }}
    group by journey_key
),

final as (
    select
        j.journey_key,
        j.journey_id,
        j.version,
        j.status,
        j.is_current,
        coalesce(v.changes, 0) as changes,
        coalesce(c.instances, 0) as instances,
        coalesce(c.customers, 0) as customers,
        coalesce(c.accounts, 0) as accounts,
        coalesce(c.open_instances, 0) as open_instances,
        coalesce(c.completed, 0) as completed,
        coalesce(c.converted, 0) as converted,
        coalesce(c.exited, 0) as exited,
        coalesce(c.dropped, 0) as dropped,
        coalesce(c.restarted, 0) as restarted,
        cast(1.0 * c.converted / c.instances as decimal(9, 6)) as conversion,
        cast(floor(c.median_duration_s) as bigint) as median_duration_s
    from {{ ref('dim_journeys') }} as j
    left join counted as c on j.journey_key = c.journey_key
    left join changed as v on j.journey_key = v.journey_key
)

select * from final
