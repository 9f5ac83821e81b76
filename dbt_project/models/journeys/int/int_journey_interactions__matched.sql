{{ config(materialized='ephemeral') }}

-- the world is judged at as_of: what happened later has not happened yet
with interactions as (
    select
        customer_id, interaction_id, touchpoint, occurred_at, priority, sequence, slot,
        channel, is_online, assisted, business_model, value, cost, attributes
    from {{ ref('fct_interactions') }}
    where {{ c360.in_customer_range() }} and occurred_at <= (select max(as_of) from {{ source('control', 'run') }})
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

touchpoint_roles as (
    select
        r.touchpoint,
        r.journey_no,
        bit_or(case when r.kind = 'stage' and n.rule_id is null then {{ c360.bit('r.stage_no') }} else 0 end) as candidates,
        max(case when r.kind = 'entry' then 1 else 0 end) as is_entry,
        max(case when r.kind = 'exit' and n.rule_id is null then 1 else 0 end) as is_exit
    from rules as r
    left join attributes_per_rule as n on r.rule_id = n.rule_id
    group by r.touchpoint, r.journey_no
),

-- rules with `where`: an attribute meets at most one of its values, so a rule holds when as many rows meet as it has attributes
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

terminal_stages as (
    select journey_no, bit_or({{ c360.bit('stage_no') }}) as stages
    from {{ source('control', 'journey_stages') }}
    where terminal_outcome is not null
    group by journey_no
),

channels as (
    select * from {{ ref('int_channels__numbered') }}
),

roles as (
    select
        i.*,
        t.journey_no,
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
        r.customer_id,
        r.journey_no,
        r.interaction_id,
        r.occurred_at,
        r.priority,
        r.sequence,
        r.slot,
        case
            when r.is_exit then 0
            when r.candidates & coalesce(t.stages, 0) <> 0 then r.candidates & t.stages
            else r.candidates
        end as candidates,
        not r.is_exit and r.candidates & coalesce(t.stages, 0) <> 0 as is_terminal,
        not r.is_exit and r.is_entry as is_entry,
        case when n.channel_no is null then 0 else {{ c360.bit('n.channel_no') }} end as channel_set,
        r.is_online,
        r.assisted,
        coalesce(r.business_model = 'b2b', false) as is_b2b,
        r.value,
        r.cost,
        j.inactivity_s
    from roles as r
    inner join {{ source('control', 'journeys') }} as j on r.journey_no = j.journey_no
    left join terminal_stages as t on r.journey_no = t.journey_no
    left join channels as n on r.channel = n.channel
    where r.is_exit or r.candidates <> 0
)

select * from final
