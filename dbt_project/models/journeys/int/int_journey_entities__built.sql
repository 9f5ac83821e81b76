-- What the journeys that are built now knew of everybody. It comes after all that is rewritten in part, so it is
-- written only once all of that is there; what a build leaves undone is taken up by the next one.
-- depends_on: {{ ref('fct_journeys') }}
-- depends_on: {{ ref('fct_journey_stages') }}
-- depends_on: {{ ref('fct_journey_interactions') }}
-- depends_on: {{ ref('fct_journey_transitions') }}
-- depends_on: {{ ref('fct_journey_deviations') }}
-- depends_on: {{ ref('int_journey_steps__ordered') }}
with digested as (
    select * from {{ ref('int_journey_entities__digested') }}
),

planned as (
    select as_of, fingerprint from {{ ref('int_journey_build__planned') }}
),

final as (
    select d.entity_id, d.digest, d.is_of_account, p.as_of, p.fingerprint
    from digested as d
    cross join planned as p
)

select * from final
