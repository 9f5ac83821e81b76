{{ config(materialized='customer_table', tells_age=true) }}

-- What every comparison of visits needs, once: the channel a visit began on, how long it is known to have lasted, and
-- whether its fate is decided, by a rule that does not look at its fate: a visit that was left early must not count
-- before one of the same time that still waits for its deadline.
with journeys as (
    select
        i.*,
        d.inactivity_s,
        i.started_at + d.max_duration_s * interval '1' second as must_end_at,
        r.as_of
    from {{ ref('int_journey_instances__counted') }} as i
    inner join {{ ref('int_journeys__declared') }} as d on i.journey_key = d.journey_key
    cross join (select max(as_of) as as_of from {{ source('control', 'run') }}) as r
    where {{ c360.in_customer_range('i.entity_id') }}
),

visits as (
    select * from {{ ref('fct_journey_stages') }}
    where customer_id is null or {{ c360.in_customer_range() }}
),

stages as (
    select * from {{ ref('dim_journey_stages') }}
),

steps as (
    select
        instance_id,
        visit_seq,
        {{ c360.first_by('touchpoint', 'step_no') }} as touchpoint,
        {{ c360.first_by('channel', 'step_no') }} as channel,
        {{ c360.first_by('channel', '-step_no') }} as last_channel,
        {{ c360.first_by('is_assisted', 'step_no') }} as is_assisted,
        {{ c360.first_by('gap_s', 'step_no') }} as gap_s
    from {{ ref('int_journey_steps__ordered') }}
    where {{ c360.in_customer_range('entity_id') }}
    group by instance_id, visit_seq
),

final as (
    select
        v.instance_id,
        j.entity_id,
        v.journey_key,
        j.is_current,
        j.business_model,
        j.outcome,
        j.is_converted,
        v.stage_id,
        v.stage_no,
        s.terminal_outcome is not null as is_terminal,
        v.visit_seq,
        v.visit_no,
        v.entered_at,
        v.exited_at,
        v.exit_reason,
        v.duration_s,
        v.active_s,
        v.sla_breached,
        v.move,
        v.previous_stage,
        v.next_stage,
        t.touchpoint,
        t.channel,
        t.last_channel,
        t.is_assisted,
        case when v.visit_seq > 1 then t.gap_s end as gap_s,
        v.csat,
        v.effort,
        v.sentiment,
        coalesce(v.exit_reason = 'next_stage', false) as is_advanced,
        coalesce(v.exit_reason in ('inactivity', 'max_wait', 'max_duration'), false) as is_dropped,
        case
            when v.exited_at is null then {{ c360.seconds_between('v.entered_at', 'j.as_of') }}
            when v.exit_reason in ('inactivity', 'max_wait', 'max_duration')
                then {{ c360.seconds_between('v.entered_at', 'j.closed_at') }}
            else v.duration_s
        end as known_s,
        coalesce(
            least(
                v.last_interaction_at + j.inactivity_s * interval '1' second,
                v.entered_at + v.max_wait_s * interval '1' second,
                j.must_end_at
            ) < j.as_of,
            v.exited_at is not null
        ) as is_decided
    from visits as v
    inner join journeys as j on v.instance_id = j.instance_id
    inner join stages as s on v.journey_key = s.journey_key and v.stage_id = s.stage_id
    inner join steps as t on v.instance_id = t.instance_id and v.visit_seq = t.visit_seq
)

select * from final
