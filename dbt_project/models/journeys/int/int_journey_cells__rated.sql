-- drop and loop: shares of a cell's visits, against the visits of the whole place
with visits as (
    select * from {{ ref('int_journey_visits__placed') }}
),

cells as (
    select
        journey_key,
        kind,
        place,
        channel,
        business_model,
        week,
        count(*) as visits,
        count(distinct entity_id) as customers,
        count(case when is_judged then 1 end) as judged,
        count(case when is_judged and is_dropped then 1 end) as dropped,
        count(case when is_judged and is_converted then 1 end) as converted,
        count(case when may_loop then 1 end) as may_loop,
        count(case when may_loop and is_looped then 1 end) as looped
    from visits
    group by journey_key, kind, place, channel, business_model, week
),

final as (
    select
        *,
        sum(judged) over at_place as all_judged,
        sum(dropped) over at_place as all_dropped,
        sum(converted) over at_place as all_converted,
        sum(may_loop) over at_place as all_may_loop,
        sum(looped) over at_place as all_looped
    from cells
    window at_place as (partition by journey_key, kind, place)
)

select * from final
