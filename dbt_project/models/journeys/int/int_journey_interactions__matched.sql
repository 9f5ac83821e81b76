{{ config(materialized='ephemeral') }}

-- the world is judged at as_of: what happened later has not happened yet
with interactions as (
    select
        i.customer_id, i.interaction_id, i.touchpoint, i.occurred_at, i.priority, i.sequence, i.slot,
        case when n.channel_no is null then 0 else {{ c360.bit('n.channel_no') }} end as channel_set,
        i.is_online, i.assisted, coalesce(i.business_model = 'b2b', false) as is_b2b, i.value, i.cost, i.attributes
    from {{ ref('fct_interactions') }} as i
    left join {{ ref('int_channels__numbered') }} as n on i.channel = n.channel
    where
        {{ c360.in_customer_range('i.customer_id') }}
        and i.occurred_at <= (select max(as_of) from {{ source('control', 'run') }})
),

rules as (
    select * from {{ source('control', 'journey_rules') }}
),

conditions as (
    select * from {{ source('control', 'journey_conditions') }}
),

attributes_per_rule as (
    select rule_id, count(distinct attribute) as attributes
    from conditions
    group by rule_id
),

terminal_stages as (
    select journey_no, bit_or({{ c360.bit('stage_no') }}) as stages
    from {{ source('control', 'journey_stages') }}
    where terminal_outcome is not null
    group by journey_no
),

-- all that a touchpoint means to a journey in one small table, so that the interactions are joined once
touchpoint_roles as (
    select
        r.touchpoint,
        r.journey_no,
        max(j.inactivity_s) as inactivity_s,
        max(coalesce(t.stages, 0)) as terminal_stages,
        bit_or(
            case when r.kind = 'stage' and n.rule_id is null then {{ c360.bit('r.stage_no') }} else 0 end
        ) as candidates,
        max(case when r.kind = 'entry' then 1 else 0 end) as is_entry,
        max(case when r.kind = 'exit' and n.rule_id is null then 1 else 0 end) as is_exit
    from rules as r
    inner join {{ source('control', 'journeys') }} as j on r.journey_no = j.journey_no
    left join terminal_stages as t on r.journey_no = t.journey_no
    left join attributes_per_rule as n on r.rule_id = n.rule_id
    group by r.touchpoint, r.journey_no
),

-- rules with `where`: an attribute meets at most one of its values, so a rule holds when as many rows meet as it has
-- attributes
conditional_rules_met as (
    select i.interaction_id, r.rule_id, r.journey_no, r.kind, r.stage_no
    from interactions as i
    inner join rules as r on i.touchpoint = r.touchpoint
    inner join attributes_per_rule as n on r.rule_id = n.rule_id
    inner join conditions as c
        on r.rule_id = c.rule_id and {{ c360.json_text('i.attributes', 'c.attribute') }} = c.value
    group by i.interaction_id, r.rule_id, r.journey_no, r.kind, r.stage_no, n.attributes
    having count(*) = n.attributes
),

conditional_roles as (
    select
        interaction_id,
        journey_no,
        bit_or(case when kind = 'stage' then {{ c360.bit('stage_no') }} else 0 end) as candidates,
        max(case when kind = 'exit' then 1 else 0 end) as is_exit
    from conditional_rules_met
    group by interaction_id, journey_no
),

roles as (
    select
        i.*,
        t.journey_no,
        t.inactivity_s,
        t.terminal_stages,
        t.candidates | coalesce(c.candidates, 0) as candidates,
        t.is_entry = 1 as is_entry,
        greatest(t.is_exit, coalesce(c.is_exit, 0)) = 1 as is_exit
    from interactions as i
    inner join touchpoint_roles as t on i.touchpoint = t.touchpoint
    left join conditional_roles as c on i.interaction_id = c.interaction_id and t.journey_no = c.journey_no
),

-- precedence at one interaction: exit (no candidates), terminal, stage
final as (
    select
        customer_id,
        journey_no,
        interaction_id,
        occurred_at,
        priority,
        sequence,
        slot,
        case
            when is_exit then 0
            when candidates & terminal_stages <> 0 then candidates & terminal_stages
            else candidates
        end as candidates,
        not is_exit and candidates & terminal_stages <> 0 as is_terminal,
        not is_exit and is_entry as is_entry,
        channel_set,
        is_online,
        assisted,
        is_b2b,
        value,
        cost,
        inactivity_s
    from roles
    where is_exit or candidates <> 0
)

select * from final
