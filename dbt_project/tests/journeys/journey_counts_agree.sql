-- Instances = first visits; visits - instances = moves; interactions in visits = interactions of journeys, one by one.
{{ config(meta={'dagster': {'ref': {'name': 'fct_journeys', 'package': 'c360', 'version': 1}}}) }}

with counts as (
    select
        (select count(*) from {{ ref('fct_journeys') }}) as instances,
        (select count(*) from {{ ref('fct_journey_stages') }} where visit_seq = 1) as first_visits,
        (select count(*) from {{ ref('fct_journey_stages') }}) as visits,
        (select count(*) from {{ ref('fct_journey_transitions') }}) as moves,
        (select count(*) from {{ ref('fct_journey_interactions') }}) as journey_interactions,
        (select coalesce(sum(interactions), 0) from {{ ref('fct_journey_stages') }}) as visit_interactions,
        (select coalesce(sum(interactions), 0) from {{ ref('fct_journeys') }}) as instance_interactions,
        (
            select coalesce(sum(interactions - outside_interactions), 0) from {{ ref('mart_journey_outside') }}
        ) as inside_interactions
)

select * from counts
where
    instances <> first_visits
    or visits - instances <> moves
    or journey_interactions <> visit_interactions
    or journey_interactions <> instance_interactions
    or journey_interactions <> inside_interactions
