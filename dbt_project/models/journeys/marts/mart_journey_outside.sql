with counted as (
    select
        journey_no,
        count(*) as interactions,
        count(case when is_outside then 1 end) as outside_interactions
    from {{ ref('int_journey_interactions__walked') }}
    group by journey_no
),

journeys as (
    select * from {{ ref('int_journeys__declared') }}
),

final as (
    select
        j.journey_key,
        j.is_current,
        coalesce(c.interactions, 0) as interactions,
        coalesce(c.outside_interactions, 0) as outside_interactions
    from journeys as j
    left join counted as c on j.journey_no = c.journey_no
)

select * from final
