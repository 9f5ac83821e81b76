-- A roll-up of all leaves, and one of all roots, counts each instance of the current journeys once.
{{ config(meta={'dagster': {'ref': {'name': 'mart_journey_rollup', 'package': 'c360', 'version': 1}}}) }}

with counts as (
    select
        (
            select count(*) from {{ ref('fct_journeys') }} where is_current and outcome <> 'void'
        ) as instances,
        (select coalesce(sum(instances), 0) from {{ ref('mart_journey_rollup') }} where scope = 'own') as alone,
        (
            select coalesce(sum(instances), 0) from {{ ref('mart_journey_rollup') }}
            where scope = 'with_descendants' and level = 0
        ) as from_the_roots
)

select * from counts
where instances <> alone or instances <> from_the_roots
