-- Interactions in visits = journey interactions: one by one in each visit, in sum (and the money with them) in each
-- instance, and over a journey those that are not outside.
{{ config(meta={'dagster': {'ref': {'name': 'fct_journey_interactions', 'package': 'c360', 'version': 1}}}) }}

with held as (
    select instance_id, visit_seq, count(*) as interactions
    from {{ ref('fct_journey_interactions') }}
    group by instance_id, visit_seq
),

sums as (
    select
        instance_id,
        count(*) as visits,
        sum(interactions) as interactions,
        sum(coalesce(value, 0)) as value,
        sum(coalesce(cost, 0)) as cost
    from {{ ref('fct_journey_stages') }}
    group by instance_id
),

inside as (
    select journey_key, count(*) as interactions
    from {{ ref('fct_journey_interactions') }}
    group by journey_key
)

select cast(coalesce(v.instance_id, h.instance_id) as {{ dbt.type_string() }}) as does_not_add_up
from {{ ref('fct_journey_stages') }} as v
full outer join held as h on v.instance_id = h.instance_id and v.visit_seq = h.visit_seq
where v.instance_id is null or h.instance_id is null or v.interactions <> h.interactions
union all
select cast(j.instance_id as {{ dbt.type_string() }}) as does_not_add_up
from {{ ref('fct_journeys') }} as j
inner join sums as s on j.instance_id = s.instance_id
where
    j.visits <> s.visits
    or j.interactions <> s.interactions
    or coalesce(j.value, 0) <> s.value
    or coalesce(j.cost, 0) <> s.cost
union all
select o.journey_key as does_not_add_up
from {{ ref('mart_journey_outside') }} as o
left join inside as i on o.journey_key = i.journey_key
where o.interactions - o.outside_interactions <> coalesce(i.interactions, 0)
