with deviations as (
    select * from {{ ref('fct_journey_deviations') }}
),

instances as (
    select instance_id, business_model, journey_key
    from {{ ref('fct_journeys') }}
    where outcome not in ('in_progress', 'void')
),

closed as (
    select journey_key, business_model, count(*) as instances
    from instances
    group by journey_key, business_model
),

counted as (
    select
        d.journey_key,
        d.is_current,
        i.business_model,
        d.kind,
        d.stage_id,
        count(*) as deviations,
        count(distinct d.instance_id) as instances
    from deviations as d
    inner join instances as i on d.instance_id = i.instance_id
    group by d.journey_key, d.is_current, i.business_model, d.kind, d.stage_id
),

final as (
    select
        c.journey_key,
        c.is_current,
        c.business_model,
        c.kind,
        c.stage_id,
        c.deviations,
        c.instances,
        cast(1.0 * c.instances / a.instances as decimal(9, 6)) as share_of_instances
    from counted as c
    inner join closed as a on c.journey_key = a.journey_key and c.business_model = a.business_model
)

select * from final
