-- Instances = first visits: each begins with one visit, and its visits are numbered from 1 without a gap.
{{ config(meta={'dagster': {'ref': {'name': 'fct_journeys', 'package': 'c360', 'version': 1}}}) }}

with visits as (
    select
        instance_id,
        count(*) as visits,
        max(visit_seq) as last_seq,
        count(case when visit_seq = 1 then 1 end) as first_visits
    from {{ ref('fct_journey_stages') }}
    group by instance_id
)

select coalesce(j.instance_id, v.instance_id) as instance_id
from {{ ref('fct_journeys') }} as j
full outer join visits as v on j.instance_id = v.instance_id
where j.instance_id is null or v.instance_id is null or v.first_visits <> 1 or v.visits <> v.last_seq
