with matching as (
    select journey_no, count(*) as interactions
    from {{ ref('int_journey_interactions__grouped') }}
    where candidates <> 0
    group by journey_no
),

inside as (
    select journey_no, sum(interactions) as interactions
    from {{ ref('int_journey_visits__numbered') }}
    group by journey_no
),

journeys as (
    select * from {{ ref('int_journeys__declared') }}
),

final as (
    select
        j.journey_key,
        j.is_current,
        coalesce(m.interactions, 0) as interactions,
        cast(coalesce(m.interactions, 0) - coalesce(i.interactions, 0) as bigint) as outside_interactions
    from journeys as j
    left join matching as m on j.journey_no = m.journey_no
    left join inside as i on j.journey_no = i.journey_no
)

select * from final
