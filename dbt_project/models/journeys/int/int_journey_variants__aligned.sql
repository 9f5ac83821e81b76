-- Instances are many, distinct paths few: only the paths are compared with the map. An open instance has no path yet
-- that could be judged, and a void one is none of the journey's.
with variants as (
    select journey_key, path, count(*) as instances
    from {{ ref('fct_journeys') }}
    where outcome not in ('in_progress', 'void')
    group by journey_key, path
),

aligned as (
    select v.journey_key, v.path, v.instances, {{ c360.align_variant('j.net', 'v.path') }} as alignment
    from variants as v
    inner join {{ ref('int_journeys__declared') }} as j on v.journey_key = j.journey_key
),

final as (
    select
        journey_key,
        path,
        instances,
        {{ c360.field('alignment', 'cost') }} as cost,
        cast({{ c360.field('alignment', 'fitness') }} as decimal(9, 6)) as fitness,
        {{ c360.field('alignment', 'deviations') }} as deviations
    from aligned
)

select * from final
