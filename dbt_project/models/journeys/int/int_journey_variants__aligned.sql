-- Instances are many, distinct paths few: only the paths are compared with the map. An open instance has no path yet
-- that could be judged, and a void one is none of the journey's.
with variants as (
    select journey_no, path, count(*) as instances
    from {{ ref('int_journey_instances__numbered') }}
    where end_reason <> 'excluded'
    group by journey_no, path
),

aligned as (
    select v.journey_no, j.journey_key, v.path, v.instances, {{ c360.align_variant('j.net', 'v.path') }} as alignment
    from variants as v
    inner join {{ ref('int_journeys__declared') }} as j on v.journey_no = j.journey_no
),

final as (
    select
        journey_no,
        journey_key,
        path,
        instances,
        {{ c360.field('alignment', 'cost') }} as cost,
        cast({{ c360.field('alignment', 'fitness') }} as decimal(9, 6)) as fitness,
        {{ c360.field('alignment', 'deviations') }} as deviations
    from aligned
)

select * from final
