-- Only stages that name a touchpoint of another current journey's stage can share an interaction: mostly few or none.
with current_journeys as (
    select journey_no, journey_key, journey_id from {{ ref('int_journeys__declared') }} where is_current
),

touchpoints as (
    select r.touchpoint, r.stage_no, j.journey_key, j.journey_id
    from {{ source('control', 'journey_rules') }} as r
    inner join current_journeys as j on r.journey_no = j.journey_no
    where r.kind = 'stage'
),

touchpoints_shared as (
    select touchpoint
    from touchpoints
    group by touchpoint
    having count(distinct journey_id) > 1
),

stages as (
    select distinct t.journey_key, t.journey_id, s.stage_id
    from touchpoints as t
    inner join touchpoints_shared as o on t.touchpoint = o.touchpoint
    inner join {{ ref('int_journey_stages__declared') }} as s
        on t.journey_key = s.journey_key and t.stage_no = s.stage_no
),

candidates as (
    select i.interaction_id, i.instance_id, s.journey_id
    from {{ ref('fct_journey_interactions') }} as i
    inner join stages as s on i.journey_key = s.journey_key and i.stage_id = s.stage_id
),

-- joined from the candidates' side, so that nothing of the size of all interactions is kept
serving as (
    select c.interaction_id, c.journey_id
    from candidates as c
    inner join {{ ref('fct_journeys') }} as j on c.instance_id = j.instance_id
    where j.outcome <> 'void'
),

shared as (
    select interaction_id
    from serving
    group by interaction_id
    having count(*) > 1
),

final as (
    select s.interaction_id, s.journey_id, f.value, f.cost
    from serving as s
    inner join shared as o on s.interaction_id = o.interaction_id
    inner join {{ ref('fct_interactions') }} as f on s.interaction_id = f.interaction_id
)

select * from final
