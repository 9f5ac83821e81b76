{{ config(materialized='ephemeral') }}

-- A void instance never happened as far as the marts are concerned. entity_id is the customer or, in a journey of
-- accounts, the account, as an id that falls into ranges.
with journeys as (
    select * from {{ ref('fct_journeys') }}
    where outcome <> 'void'
),

stages as (
    select * from {{ ref('dim_journey_stages') }}
),

final as (
    select
        j.instance_id,
        coalesce(j.customer_id, {{ c360.uuid_of('j.account_key') }}) as entity_id,
        j.customer_id,
        j.account_key,
        j.journey_key,
        j.is_current,
        j.business_model,
        j.started_at,
        j.last_interaction_at,
        j.closed_at,
        j.outcome,
        coalesce(j.outcome = s.terminal_outcome, false) as is_converted,
        j.path,
        j.last_stage,
        j.visits,
        j.interactions,
        j.duration_s,
        j.active_s,
        j.value
    from journeys as j
    inner join stages as s on j.journey_key = s.journey_key and j.last_stage = s.stage_id
)

select * from final
