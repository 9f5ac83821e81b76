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
    select
        entity_id, journey_no, row_no, instance_row, visit_row, stage_no, is_outside, interaction_id, occurred_at,
        active_s, channel_set, roles, value, cost, correlation_key, visit_seq, visit_no, previous_stage_no,
        next_stage_no, left_by, left_at, path
    from walked
    where instance_row > 0 or is_outside
)

select * from final
