-- Every cell of ten visits and more is tested one-sided against the rest of its place; q is Benjamini's and Hochberg's
-- (1995) over all tests of the journey version, so that of the hotspots one in a hundred at most may be chance.
with cells as (
    select * from {{ ref('int_journey_cells__rated') }}
),

scored as (
    select * from {{ ref('int_journey_cells__scored') }}
),

journeys as (
    select * from {{ ref('dim_journeys') }}
),

at_stake as (
    select * from {{ ref('int_journey_values__at_stake') }}
),

counted as (
    select
        journey_key, kind, place, channel, business_model, week, 'drop' as measure,
        cast(judged as double) as n, cast(dropped as double) as hits,
        cast(all_judged as double) as all_n, cast(all_dropped as double) as all_hits
    from cells
    where kind = 'stage' and judged > 0
    union all
    select
        journey_key, kind, place, channel, business_model, week, 'loop' as measure,
        cast(may_loop as double) as n, cast(looped as double) as hits,
        cast(all_may_loop as double) as all_n, cast(all_looped as double) as all_hits
    from cells
    where kind = 'stage' and may_loop > 0
),

measured as (
    select
        journey_key, kind, place, channel, business_model, week, measure, n, all_n,
        hits / n as observed,
        all_hits / all_n as baseline,
        hits - n * all_hits / all_n as excess,
        {{ c360.share_deviate('hits', 'n', 'all_hits', 'all_n') }} as deviate
    from counted
    union all
    select
        journey_key, kind, place, channel, business_model, week, measure, n, all_n, observed, baseline, excess, deviate
    from scored
),

tested as (
    select *, {{ c360.chance_of('deviate', 'n', 'all_n') }} as p_value
    from measured
),

corrected as (
    {{ c360.correct_for_tests('tested', 'journey_key') }}
),

valued as (
    select
        t.journey_key,
        j.is_current,
        t.measure,
        t.kind,
        t.place,
        t.channel,
        t.business_model,
        t.week,
        c.visits,
        c.customers,
        cast(t.n as bigint) as n,
        cast(t.observed as decimal(18, 4)) as observed,
        cast(t.baseline as decimal(18, 4)) as baseline,
        cast(greatest(t.excess, 0) as decimal(18, 4)) as excess,
        cast(
            greatest(c.dropped - 1.0 * c.judged * c.all_dropped / nullif(c.all_judged, 0), 0) as decimal(18, 4)
        ) as customers_lost,
        cast(
            greatest(c.dropped - 1.0 * c.judged * c.all_dropped / nullif(c.all_judged, 0), 0)
            * c.all_converted / nullif(c.all_judged - c.all_dropped, 0) * a.value_at_stake as decimal(18, 2)
        ) as value_lost,
        round(t.p_value, 12) as p_value,
        round(t.q_value, 12) as q_value,
        coalesce(t.q_value <= 0.01, false) as is_hotspot
    from corrected as t
    inner join cells as c
        on
            t.journey_key = c.journey_key
            and t.kind = c.kind
            and t.place = c.place
            and t.channel = c.channel
            and t.business_model = c.business_model
            and t.week = c.week
    inner join journeys as j on t.journey_key = j.journey_key
    left join at_stake as a on t.journey_key = a.journey_key and t.business_model = a.business_model
),

final as (
    select
        *,
        case
            when is_hotspot
                then
                    cast(
                        row_number() over (
                            partition by journey_key
                            order by
                                case when is_hotspot then 0 else 1 end,
                                customers_lost desc nulls last,
                                value_lost desc nulls last,
                                excess desc,
                                p_value,
                                measure, kind, place, channel, business_model, week
                        ) as bigint
                    )
        end as hotspot_no
    from valued
)

select * from final
