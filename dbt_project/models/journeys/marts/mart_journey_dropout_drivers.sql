-- Visits of a stage with a feature against those without it. An association: what drives both is not told apart. The
-- clearest comes first, not the one with most drop-outs: where one channel of five is bad, the other side of every
-- other feature of channels is nearly as large.
with features as (
    select * from {{ ref('int_journey_features__counted') }}
),

journeys as (
    select * from {{ ref('dim_journeys') }}
),

-- every visit has one business model
totals as (
    select journey_key, stage_no, sum(visits) as visits, sum(dropped) as dropped
    from features
    where feature = 'business_model'
    group by journey_key, stage_no
),

compared as (
    select
        f.journey_key,
        f.stage_no,
        f.stage_id,
        f.feature,
        f.feature_value,
        cast(f.visits as double) as n,
        cast(f.dropped as double) as hits,
        cast(t.visits as double) as all_n,
        cast(t.dropped as double) as all_hits
    from features as f
    inner join totals as t on f.journey_key = t.journey_key and f.stage_no = t.stage_no
    where f.visits < t.visits
),

deviated as (
    select
        *,
        hits / n as rate_with,
        (all_hits - hits) / (all_n - n) as rate_without,
        {{ c360.share_deviate('hits', 'n', 'all_hits', 'all_n') }} as deviate
    from compared
),

tested as (
    select *, {{ c360.chance_of('deviate', 'n', 'all_n') }} as p_value
    from deviated
),

corrected as (
    {{ c360.correct_for_tests('tested', 'journey_key') }}
),

judged as (
    select
        *,
        hits - n * rate_without as excess,
        coalesce(q_value <= 0.01, false) as is_driver
    from corrected
),

final as (
    select
        d.journey_key,
        j.is_current,
        d.stage_no,
        d.stage_id,
        d.feature,
        d.feature_value,
        cast(d.n as bigint) as visits,
        cast(d.hits as bigint) as dropped,
        cast(d.rate_with as decimal(9, 6)) as rate_with,
        cast(d.rate_without as decimal(9, 6)) as rate_without,
        -- Wilson (1927), 95 %
        cast(
            greatest(
                0.0,
                (d.hits + 1.92 - 1.96 * sqrt(d.hits * (1 - d.rate_with) + 0.96)) / (d.n + 3.84)
            ) as decimal(9, 6)
        ) as rate_with_low,
        cast(
            least(
                1.0,
                (d.hits + 1.92 + 1.96 * sqrt(d.hits * (1 - d.rate_with) + 0.96)) / (d.n + 3.84)
            ) as decimal(9, 6)
        ) as rate_with_high,
        cast(d.rate_with / nullif(d.rate_without, 0) as decimal(18, 6)) as lift,
        -- Cohen (1988): the difference of two shares on a scale where it means the same everywhere
        cast(2 * asin(sqrt(d.rate_with)) - 2 * asin(sqrt(d.rate_without)) as decimal(9, 6)) as effect_size,
        cast(greatest(d.excess, 0.0) as decimal(18, 4)) as excess,
        round(d.p_value, 12) as p_value,
        round(d.q_value, 12) as q_value,
        d.is_driver,
        case
            when d.is_driver
                then
                    cast(row_number() over (
                        partition by d.journey_key
                        order by
                            case when d.is_driver then 0 else 1 end,
                            d.deviate desc, d.excess desc, d.stage_no, d.feature, d.feature_value
                    ) as bigint)
        end as driver_no
    from judged as d
    inner join journeys as j on d.journey_key = j.journey_key
)

select * from final
