{{ config(materialized='bucketed_table') }}

-- A walk is no relation but a state carried from interaction to interaction: pipelines/journeys/walk.py.
with matched as (
    select * from {{ ref('int_journey_interactions__matched') }}
),

journeys as (
    select journey_no, rules from {{ source('control', 'journeys') }}
),

walked as (
    {{ c360.walk_journeys('matched', 'journeys') }}
),

final as (
    select * from walked
    where instance_row > 0 or is_outside
)

select * from final
