with visits as (
    select * from {{ ref('int_journey_visits__compared') }}
    where is_dropped
),

at_stake as (
    select * from {{ ref('int_journey_values__at_stake') }}
),

counted as (
    select
        journey_key,
        is_current,
        stage_no,
        stage_id as last_stage,
        last_channel,
        business_model,
        count(*) as dropouts,
        count(distinct entity_id) as customers
    from visits
    group by journey_key, is_current, stage_no, stage_id, last_channel, business_model
),

final as (
    select
        c.journey_key,
        c.is_current,
        c.stage_no,
        c.last_stage,
        c.last_channel,
        c.business_model,
        c.dropouts,
        c.customers,
        cast(1.0 * c.dropouts / sum(c.dropouts) over (partition by c.journey_key) as decimal(9, 6)) as share,
        cast(c.dropouts * a.value_at_stake as decimal(18, 2)) as value_at_stake
    from counted as c
    left join at_stake as a on c.journey_key = a.journey_key and c.business_model = a.business_model
)

select * from final
