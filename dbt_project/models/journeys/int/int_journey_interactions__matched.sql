{{ config(materialized='view') }}

with rules as (
    select r.rule_id, r.journey_no, r.touchpoint, r.kind, r.stage_no, r.exclusion_no, j.entity, j.correlate_by
    from {{ source('control', 'journey_rules') }} as r
    inner join {{ source('control', 'journeys') }} as j on r.journey_no = j.journey_no
),

conditions as (
    select * from {{ source('control', 'journey_conditions') }}
),

attributes_per_rule as (
    select rule_id, count(distinct attribute) as attributes
    from conditions
    group by rule_id
),

-- all that a touchpoint means to a journey in one small table, so that the interactions are joined once
touchpoint_roles as (
    select
        r.touchpoint,
        r.entity,
        r.journey_no,
        r.correlate_by,
        bit_or(
            case when r.kind = 'stage' and n.rule_id is null then {{ c360.bit('r.stage_no') }} else 0 end
        ) as candidates,
        bit_or(
            case when r.kind = 'exclusion' and n.rule_id is null then {{ c360.bit('r.exclusion_no') }} else 0 end
        ) as exclusions,
        bit_or(
            case when r.kind = 'entry' then 1 when r.kind = 'exit' and n.rule_id is null then 2 else 0 end
        ) as roles
    from rules as r
    left join attributes_per_rule as n on r.rule_id = n.rule_id
    group by r.touchpoint, r.entity, r.journey_no, r.correlate_by
),

-- rules with `where`: an attribute meets at most one of its values, so a rule holds when as many rows meet as it has
-- attributes
conditional_rules_met as (
    select i.interaction_id, r.rule_id, r.journey_no, r.kind, r.stage_no, r.exclusion_no
    from {{ ref('int_journey_interactions__known') }} as i
    inner join rules as r on i.touchpoint = r.touchpoint and i.entity = r.entity
    inner join attributes_per_rule as n on r.rule_id = n.rule_id
    inner join conditions as c
        on r.rule_id = c.rule_id and {{ c360.json_text('i.attributes', 'c.attribute') }} = c.value
    group by i.interaction_id, r.rule_id, r.journey_no, r.kind, r.stage_no, r.exclusion_no, n.attributes
    having count(*) = n.attributes
),

conditional_roles as (
    select
        interaction_id,
        journey_no,
        bit_or(case when kind = 'stage' then {{ c360.bit('stage_no') }} else 0 end) as candidates,
        bit_or(case when kind = 'exclusion' then {{ c360.bit('exclusion_no') }} else 0 end) as exclusions,
        bit_or(case when kind = 'exit' then 2 else 0 end) as roles
    from conditional_rules_met
    group by interaction_id, journey_no
),

with_channels as (
    select i.*, coalesce(n.channel_set, 0) as channel_set
    from {{ ref('int_journey_interactions__known') }} as i
    left join {{ ref('int_channels__numbered') }} as n on i.channel = n.channel
),

roles as (
    select
        i.*,
        t.journey_no,
        case
            when t.correlate_by is null then null
            when t.correlate_by = 'order_id' then i.order_key
            when t.correlate_by = 'case_id' then i.case_key
            else {{ c360.json_text('i.attributes', 't.correlate_by') }}
        end as correlation_key,
        t.candidates | coalesce(c.candidates, 0) as candidates,
        t.exclusions | coalesce(c.exclusions, 0) as exclusions,
        t.roles | coalesce(c.roles, 0) | i.traits as roles
    from with_channels as i
    inner join touchpoint_roles as t on i.touchpoint = t.touchpoint and i.entity = t.entity
    left join conditional_roles as c on i.interaction_id = c.interaction_id and t.journey_no = c.journey_no
),

final as (
    select
        entity_id,
        account_key,
        journey_no,
        interaction_id,
        occurred_at,
        priority,
        sequence,
        slot,
        candidates,
        exclusions,
        roles,
        correlation_key,
        channel_set,
        cast(value * 100 as bigint) as value_cents,
        cast(cost * 100 as bigint) as cost_cents
    from roles
    where candidates <> 0 or exclusions <> 0 or roles & 2 <> 0
)

select * from final
