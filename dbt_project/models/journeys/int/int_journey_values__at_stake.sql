{{ config(materialized='ephemeral') }}

select
    journey_key,
    business_model,
    cast(sum(value) / count(*) as decimal(18, 2)) as value_at_stake
from {{ ref('int_journey_instances__counted') }}
where is_converted
group by journey_key, business_model
