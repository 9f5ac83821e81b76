with variants as (
    select * from {{ ref('int_journey_variants__aligned') }}
),

walked as (
    select journey_key, is_current, business_model, path, count(*) as instances
    from {{ ref('fct_journeys') }}
    where outcome not in ('in_progress', 'void')
    group by journey_key, is_current, business_model, path
),

judged as (
    select
        w.journey_key,
        w.is_current,
        w.business_model,
        count(*) as variants,
        sum(w.instances) as instances,
        sum(case when v.cost = 0 then w.instances else 0 end) as fitting_instances,
        sum(w.instances * v.fitness) as fitness,
        sum(w.instances * v.cost) as deviations
    from walked as w
    inner join variants as v on w.journey_key = v.journey_key and w.path = v.path
    where v.cost is not null
    group by w.journey_key, w.is_current, w.business_model
),

final as (
    select
        journey_key,
        is_current,
        business_model,
        cast(instances as bigint) as instances,
        variants,
        cast(fitting_instances as bigint) as fitting_instances,
        cast(1.0 * fitting_instances / instances as decimal(9, 6)) as share_fitting,
        cast(fitness / instances as decimal(9, 6)) as mean_fitness,
        cast(deviations as bigint) as path_deviations
    from judged
)

select * from final
