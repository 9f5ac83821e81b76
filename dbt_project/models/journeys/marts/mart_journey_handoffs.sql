with steps as (
    select * from {{ ref('int_journey_steps__ordered') }}
    where previous_channel <> channel
),

journeys as (
    select * from {{ ref('dim_journeys') }}
),

handed as (
    select
        journey_key,
        previous_stage as from_stage,
        stage_id as to_stage,
        previous_visit_seq = visit_seq as is_within_visit,
        previous_channel as from_channel,
        channel as to_channel,
        min(case when previous_is_online then 1 else 0 end) as all_from_online,
        min(case when not previous_is_online then 1 else 0 end) as all_from_offline,
        min(case when is_online then 1 else 0 end) as all_to_online,
        min(case when not is_online then 1 else 0 end) as all_to_offline,
        count(*) as handoffs,
        count(distinct instance_id) as instances,
        count(distinct entity_id) as customers,
        {{ c360.percentile('gap_s', 0.5) }} as latency_p50_s,
        {{ c360.percentile('gap_s', 0.9) }} as latency_p90_s
    from steps
    group by journey_key, previous_stage, stage_id, previous_visit_seq = visit_seq, previous_channel, channel
),

final as (
    select
        h.journey_key,
        j.is_current,
        h.from_stage,
        h.to_stage,
        h.is_within_visit,
        h.from_channel,
        h.to_channel,
        case
            when h.all_from_online = 1 and h.all_to_offline = 1 then 'online_to_offline'
            when h.all_from_offline = 1 and h.all_to_online = 1 then 'offline_to_online'
            when h.all_from_online = 1 and h.all_to_online = 1 then 'online'
            when h.all_from_offline = 1 and h.all_to_offline = 1 then 'offline'
            else 'mixed'
        end as direction,
        h.handoffs,
        h.instances,
        h.customers,
        h.latency_p50_s,
        h.latency_p90_s
    from handed as h
    inner join journeys as j on h.journey_key = j.journey_key
)

select * from final
