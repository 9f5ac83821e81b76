-- Visits - instances = moves: a move leads to every visit but the first, from the visit before.
{{ config(meta={'dagster': {'ref': {'name': 'fct_journey_transitions', 'package': 'c360', 'version': 1}}}) }}

with reached as (
    select instance_id, visit_seq - 1 as visit_seq, previous_stage, stage_id
    from {{ ref('fct_journey_stages') }}
    where visit_seq > 1
)

select coalesce(r.instance_id, m.instance_id) as instance_id
from reached as r
full outer join {{ ref('fct_journey_transitions') }} as m
    on r.instance_id = m.instance_id and r.visit_seq = m.visit_seq
where
    r.instance_id is null
    or m.instance_id is null
    or r.previous_stage <> m.from_stage
    or r.stage_id <> m.to_stage
