{{ config(materialized='bucketed_table') }}

with interactions as (
    select customer_id, journey_no, run_row, interaction_id, occurred_at
    from {{ ref('int_journey_interactions__grouped') }}
    where {{ c360.in_customer_range() }}
),

runs as (
    select customer_id, journey_no, run_row, visit_row
    from {{ ref('int_journey_runs__staged') }}
    where {{ c360.in_customer_range() }}
),

visits as (
    select customer_id, journey_no, visit_row, instance_id, stage_no, visit_seq
    from {{ ref('int_journey_visits__numbered') }}
    where {{ c360.in_customer_range() }}
),

visited as (
    select r.customer_id, r.journey_no, r.run_row, v.instance_id, v.stage_no, v.visit_seq
    from runs as r
    inner join visits as v
        on r.customer_id = v.customer_id and r.journey_no = v.journey_no and r.visit_row = v.visit_row
),

stages as (
    select * from {{ ref('int_journey_stages__declared') }}
),

final as (
    select
        v.instance_id,
        i.interaction_id,
        i.customer_id,
        s.journey_key,
        s.stage_id,
        v.visit_seq,
        i.occurred_at
    from interactions as i
    inner join visited as v
        on i.customer_id = v.customer_id and i.journey_no = v.journey_no and i.run_row = v.run_row
    inner join stages as s on v.journey_no = s.journey_no and v.stage_no = s.stage_no
)

select * from final
order by customer_id, journey_key, occurred_at, interaction_id
