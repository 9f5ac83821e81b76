-- A visit is seen at two places: at its stage, and at the edge it came by. Its cell there is the channel it began on,
-- its segment and its week: all known when it began, so that they do not tell how it went.
with visits as (
    select * from {{ ref('int_journey_visits__compared') }}
),

returned_to as (
    select instance_id, stage_id
    from visits
    where visit_no = 2
),

final as (
    select
        v.journey_key,
        'stage' as kind,
        v.stage_id as place,
        v.channel,
        v.business_model,
        cast({{ dbt.date_trunc('week', 'v.entered_at') }} as date) as week,
        v.entity_id,
        v.is_decided and not v.is_terminal as is_judged,
        v.is_dropped,
        v.is_converted,
        case when not v.is_terminal then v.known_s end as dwell_s,
        v.is_advanced as is_over,
        v.visit_no = 1 and not v.is_terminal and v.outcome <> 'in_progress' as may_loop,
        r.instance_id is not null as is_looped,
        v.csat,
        v.effort,
        cast(v.sentiment as decimal(9, 4)) as sentiment
    from visits as v
    left join returned_to as r on v.instance_id = r.instance_id and v.stage_id = r.stage_id
    union all
    select
        v.journey_key,
        'edge' as kind,
        v.previous_stage || '>' || v.stage_id as place,
        v.channel,
        v.business_model,
        cast({{ dbt.date_trunc('week', 'v.entered_at') }} as date) as week,
        v.entity_id,
        v.is_decided and not v.is_terminal as is_judged,
        v.is_dropped,
        v.is_converted,
        v.gap_s as dwell_s,
        true as is_over,
        false as may_loop,
        false as is_looped,
        null as csat,
        null as effort,
        null as sentiment
    from visits as v
    where v.visit_seq > 1
)

select * from final
