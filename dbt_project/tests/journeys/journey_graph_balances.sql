-- As many walk into a stage as out of it; starts and ends are the instances, all edges into stages the visits.
{{ config(meta={'dagster': {'ref': {'name': 'mart_journey_graph', 'package': 'c360', 'version': 1}}}) }}

with edges as (
    select * from {{ ref('mart_journey_graph') }}
),

walked_in as (
    select journey_key, to_stage as stage_id, sum(moves) as moves from edges
    where kind <> 'end'
    group by journey_key, to_stage
),

walked_out as (
    select journey_key, from_stage as stage_id, sum(moves) as moves from edges
    where kind <> 'start'
    group by journey_key, from_stage
),

visited as (
    select journey_key, stage_id, count(*) as visits
    from {{ ref('int_journey_visits__compared') }}
    group by journey_key, stage_id
),

ended as (
    select journey_key, '(' || outcome || ')' as stage_id, count(*) as instances
    from {{ ref('int_journey_visits__compared') }}
    where next_stage is null
    group by journey_key, outcome
),

drawn as (
    select journey_key, to_stage as stage_id, sum(moves) as moves from edges
    where kind = 'end'
    group by journey_key, to_stage
)

select coalesce(v.journey_key, i.journey_key) as journey_key, coalesce(v.stage_id, i.stage_id) as stage_id
from visited as v
full outer join walked_in as i on v.journey_key = i.journey_key and v.stage_id = i.stage_id
left join walked_out as o on v.journey_key = o.journey_key and v.stage_id = o.stage_id
where coalesce(v.visits, 0) <> coalesce(i.moves, 0) or coalesce(v.visits, 0) <> coalesce(o.moves, 0)
union all
select coalesce(e.journey_key, d.journey_key) as journey_key, coalesce(e.stage_id, d.stage_id) as stage_id
from ended as e
full outer join drawn as d on e.journey_key = d.journey_key and e.stage_id = d.stage_id
where coalesce(e.instances, 0) <> coalesce(d.moves, 0)
