{{ config(materialized='customer_table', is_streamed=true) }}

with instances as (
    select instance_id, customer_id, journey_key, is_current, path
    from {{ ref('fct_journeys') }}
    where outcome not in ('in_progress', 'void') and (customer_id is null or {{ c360.in_customer_range() }})
),

variants as (
    select * from {{ ref('int_journey_variants__aligned') }}
),

variant_deviations as (
    select journey_key, path, {{ c360.each_of('deviations') }} as deviation
    from variants
),

strayed as (
    select
        i.instance_id,
        i.customer_id,
        i.journey_key,
        i.is_current,
        {{ c360.field('d.deviation', 'deviation_no') }} as deviation_no,
        {{ c360.field('d.deviation', 'kind') }} as kind,
        {{ c360.field('d.deviation', 'stage_id') }} as stage_id,
        {{ c360.field('d.deviation', 'visit_seq') }} as visit_seq
    from instances as i
    inner join variant_deviations as d on i.journey_key = d.journey_key and i.path = d.path
),

late_visits as (
    select
        instance_id,
        stage_id,
        visit_seq,
        row_number() over (partition by instance_id order by visit_seq) as late_no
    from {{ ref('fct_journey_stages') }}
    where sla_breached and (customer_id is null or {{ c360.in_customer_range() }})
),

-- numbered after what lies in the path
late as (
    select
        i.instance_id,
        i.customer_id,
        i.journey_key,
        i.is_current,
        cast(coalesce(v.cost, 0) + l.late_no as integer) as deviation_no,
        'late' as kind,
        l.stage_id,
        l.visit_seq
    from late_visits as l
    inner join {{ ref('fct_journeys') }} as i on l.instance_id = i.instance_id
    left join variants as v on i.journey_key = v.journey_key and i.path = v.path
    where i.outcome not in ('in_progress', 'void')
),

final as (
    select * from strayed
    union all
    select * from late
)

select * from final
