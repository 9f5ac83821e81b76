with counted as (
    select
        journey_no,
        cast(sum(interactions) as bigint) as interactions,
        cast(sum(case when stage_no is null then interactions end) as bigint) as outside_interactions
    from {{ ref('int_journey_spans__walked') }}
    where path is null
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
