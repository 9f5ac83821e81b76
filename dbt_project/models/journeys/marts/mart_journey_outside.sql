with interactions as (
    select
        journey_no,
        count(*) as interactions,
        count(case when instance_row is null then 1 end) as outside_interactions
    from {{ ref('int_journey_interactions__segmented') }}
    group by journey_no
),

journeys as (
    select * from {{ ref('int_journeys__declared') }}
),

final as (
    select
        j.journey_key,
        j.is_current,
        coalesce(i.interactions, 0) as interactions,
        coalesce(i.outside_interactions, 0) as outside_interactions
    from journeys as j
    left join interactions as i on j.journey_no = i.journey_no
)

select * from final
