-- dwell, csat, effort and sentiment: ranks instead of values, so that a few extreme ones decide nothing and small cells
-- may be judged. A score says how much more of the place's visits went better than worse, -1 to 1, by the survival of
-- the place (Peto and Peto 1972): 1 - S(t) - S(t-), of a visit known only to have lasted to t 1 - S(t). Its mean is 0
-- however many are open. The variance is the greater of the place's and its week's: late weeks have more open visits.
with visits as (
    select * from {{ ref('int_journey_visits__placed') }}
),

-- whatever is measured, more is worse
measured as (
    select
        journey_key, kind, place, channel, business_model, week, is_over, 'dwell' as measure,
        cast(dwell_s as decimal(18, 4)) as badness
    from visits
    where dwell_s is not null
    union all
    select
        journey_key, kind, place, channel, business_model, week, true as is_over, 'csat' as measure,
        cast(-csat as decimal(18, 4)) as badness
    from visits
    where csat is not null
    union all
    select
        journey_key, kind, place, channel, business_model, week, true as is_over, 'effort' as measure,
        cast(effort as decimal(18, 4)) as badness
    from visits
    where effort is not null
    union all
    select
        journey_key, kind, place, channel, business_model, week, true as is_over, 'sentiment' as measure,
        cast(-sentiment as decimal(18, 4)) as badness
    from visits
    where sentiment is not null
),

by_badness as (
    select
        journey_key, kind, place, measure, badness, count(*) as visits, count(case when is_over then 1 end) as through
    from measured
    group by journey_key, kind, place, measure, badness
),

survived as (
    {{ c360.survive('by_badness', 'journey_key, kind, place, measure', 'badness', 'visits', 'through') }}
),

scores as (
    select
        journey_key,
        kind,
        place,
        measure,
        badness,
        cast(1 - survival as decimal(12, 9)) as open_score,
        cast(
            1 - survival - lag(survival, 1, 1.0) over (partition by journey_key, kind, place, measure order by badness)
            as decimal(12, 9)
        ) as over_score
    from survived
),

scored as (
    select m.*, case when m.is_over then s.over_score else s.open_score end as score
    from measured as m
    inner join scores as s
        on
            m.journey_key = s.journey_key
            and m.kind = s.kind
            and m.place = s.place
            and m.measure = s.measure
            and m.badness = s.badness
),

cells as (
    select
        journey_key,
        kind,
        place,
        channel,
        business_model,
        week,
        measure,
        count(*) as n,
        sum(score) as excess,
        sum(cast(score * score as decimal(18, 12))) as squares,
        {{ c360.percentile('badness', 0.5) }} as median,
        sum(badness) as total
    from scored
    group by journey_key, kind, place, channel, business_model, week, measure
),

places as (
    select
        journey_key, kind, place, measure, count(*) as n, {{ c360.percentile('badness', 0.5) }} as median,
        sum(badness) as total
    from measured
    group by journey_key, kind, place, measure
),

spread as (
    select
        *,
        1.0 * sum(squares) over (partition by journey_key, kind, place, measure)
        / sum(n) over (partition by journey_key, kind, place, measure) as variance_of_place,
        1.0 * sum(squares) over (partition by journey_key, kind, place, measure, week)
        / sum(n) over (partition by journey_key, kind, place, measure, week) as variance_of_week
    from cells
),

final as (
    select
        c.journey_key,
        c.kind,
        c.place,
        c.channel,
        c.business_model,
        c.week,
        c.measure,
        c.n,
        p.n as all_n,
        case when c.measure = 'dwell' then c.median else abs(1.0 * c.total / c.n) end as observed,
        case when c.measure = 'dwell' then p.median else abs(1.0 * p.total / p.n) end as baseline,
        c.excess,
        c.excess / nullif(
            sqrt(c.n * greatest(c.variance_of_place, c.variance_of_week) * (1 - 1.0 * c.n / p.n)), 0
        ) as deviate
    from spread as c
    inner join places as p
        on c.journey_key = p.journey_key and c.kind = p.kind and c.place = p.place and c.measure = p.measure
)

select * from final
