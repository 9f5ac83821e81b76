-- Deviations of paths are as many as their alignments cost, and a mart's cell counts as many as the facts list.
{{ config(meta={'dagster': {'ref': {'name': 'fct_journey_deviations', 'package': 'c360', 'version': 1}}}) }}

with listed as (
    select journey_key, kind, stage_id, count(*) as deviations
    from {{ ref('fct_journey_deviations') }}
    group by journey_key, kind, stage_id
),

counted as (
    select journey_key, kind, stage_id, sum(deviations) as deviations
    from {{ ref('mart_journey_deviations') }}
    group by journey_key, kind, stage_id
),

costs as (
    select journey_key, sum(path_deviations) as deviations
    from {{ ref('mart_journey_conformance') }}
    group by journey_key
),

paths as (
    select journey_key, sum(case when kind <> 'late' then deviations else 0 end) as deviations
    from listed
    group by journey_key
)

select coalesce(l.journey_key, c.journey_key) as journey_key
from listed as l
full join counted as c on l.journey_key = c.journey_key and l.kind = c.kind and l.stage_id = c.stage_id
where l.deviations is null or c.deviations is null or l.deviations <> c.deviations
union all
select c.journey_key
from costs as c
left join paths as p on c.journey_key = p.journey_key
where c.deviations <> coalesce(p.deviations, 0)
