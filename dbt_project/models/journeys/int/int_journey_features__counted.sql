-- How many of the decided visits of a stage had a feature, and how many of these dropped out. All features are known
-- when a visit begins or are of the customer: what a visit gathers on its way tells how long it lasted instead.
with visits as (
    select * from {{ ref('int_journey_visits__compared') }}
    where is_decided and not is_terminal
),

items as (
    select * from {{ ref('int_journey_items__viewed') }}
    where is_at_entry
),

-- few distinct combinations, so that they are taken apart once a combination
combined as (
    select
        journey_key,
        stage_no,
        stage_id,
        channel,
        touchpoint,
        business_model,
        coalesce(previous_stage, '(start)') as previous_stage,
        case when visit_no > 1 then 'true' else 'false' end as is_return,
        case when is_assisted then 'true' else 'false' end as is_assisted,
        count(*) as visits,
        count(case when is_dropped then 1 end) as dropped
    from visits
    group by
        journey_key, stage_no, stage_id, channel, touchpoint, business_model, coalesce(previous_stage, '(start)'),
        case when visit_no > 1 then 'true' else 'false' end,
        case when is_assisted then 'true' else 'false' end
),

had as (
    select journey_key, stage_no, stage_id, 'channel' as feature, channel as feature_value, visits, dropped
    from combined
    union all
    select journey_key, stage_no, stage_id, 'touchpoint' as feature, touchpoint as feature_value, visits, dropped
    from combined
    union all
    select
        journey_key, stage_no, stage_id, 'business_model' as feature, business_model as feature_value, visits, dropped
    from combined
    union all
    select
        journey_key, stage_no, stage_id, 'previous_stage' as feature, previous_stage as feature_value, visits, dropped
    from combined
    union all
    select journey_key, stage_no, stage_id, 'is_return' as feature, is_return as feature_value, visits, dropped
    from combined
    union all
    select journey_key, stage_no, stage_id, 'is_assisted' as feature, is_assisted as feature_value, visits, dropped
    from combined
    union all
    select
        v.journey_key,
        v.stage_no,
        v.stage_id,
        'item.' || i.attribute as feature,
        i.item as feature_value,
        count(*) as visits,
        count(case when v.is_dropped then 1 end) as dropped
    from visits as v
    inner join items as i on v.instance_id = i.instance_id and v.visit_seq = i.visit_seq
    group by v.journey_key, v.stage_no, v.stage_id, i.attribute, i.item
),

final as (
    select
        journey_key,
        stage_no,
        stage_id,
        feature,
        feature_value,
        cast(sum(visits) as bigint) as visits,
        cast(sum(dropped) as bigint) as dropped
    from had
    group by journey_key, stage_no, stage_id, feature, feature_value
)

select * from final
