{{ config(materialized='bucketed_table') }}

with interactions as (
    select * from {{ ref('int_journey_interactions__walked') }}
    where {{ c360.in_customer_range('entity_id') }} and not is_outside
),

journeys as (
    select j.journey_no, j.journey_key, r.as_of
    from {{ source('control', 'journeys') }} as j
    cross join (select max(as_of) as as_of from {{ source('control', 'run') }}) as r
),

-- what the walk says of a visit stands on its first interaction
visits as (
    select
        entity_id,
        journey_no,
        visit_row,
        max(instance_row) as instance_row,
        max(stage_no) as stage_no,
        max(visit_seq) as visit_seq,
        max(visit_no) as visit_no,
        max(previous_stage_no) as previous_stage_no,
        max(next_stage_no) as next_stage_no,
        max(left_by) as left_by,
        max(left_at) as left_at,
        max(path) as path,
        min(occurred_at) as entered_at,
        max(occurred_at) as last_at,
        count(*) as interactions,
        sum(active_s) as active_s,
        bit_or(channel_set) as channel_set,
        count(case when roles & 4 <> 0 then 1 end) as online_interactions,
        count(case when roles & 8 <> 0 then 1 end) as offline_interactions,
        count(case when roles & 16 <> 0 then 1 end) as assisted_interactions,
        max(roles & 32) > 0 as is_b2b,
        sum(value) as value,
        sum(cost) as cost
    from interactions
    group by entity_id, journey_no, visit_row
),

-- an instance is named after its customer or account, its journey and its first interaction
instances as (
    select
        i.entity_id,
        i.journey_no,
        i.instance_row,
        i.correlation_key,
        {{ c360.uuid_of(
            "cast(i.entity_id as " ~ dbt.type_string() ~ ") || '|' || j.journey_key || '|' || cast(i.interaction_id as "
            ~ dbt.type_string() ~ ")"
        ) }} as instance_id
    from interactions as i
    inner join journeys as j on i.journey_no = j.journey_no
    where i.row_no = i.instance_row
),

-- a deadline ends what is open from the instant after it on
judged as (
    select
        v.*,
        i.instance_id,
        i.correlation_key,
        case when v.left_by < 6 or v.left_at < j.as_of then v.left_by end as ended_by
    from visits as v
    inner join journeys as j on v.journey_no = j.journey_no
    inner join instances as i
        on v.entity_id = i.entity_id and v.journey_no = i.journey_no and v.instance_row = i.instance_row
),

final as (
    select
        entity_id,
        journey_no,
        visit_row,
        instance_id,
        correlation_key,
        stage_no,
        visit_seq,
        visit_no,
        nullif(previous_stage_no, 0) as previous_stage_no,
        nullif(next_stage_no, 0) as next_stage_no,
        path,
        entered_at,
        last_at,
        -- an open visit has no end, whatever the as-of instant
        case when ended_by in (1, 3, 4, 5) then left_at when ended_by is not null then last_at end as exited_at,
        case when ended_by > 1 then left_at end as closed_at,
        case when ended_by is null then left_at end as next_change_at,
        {{ c360.exit_reason('ended_by') }} as exit_reason,
        case
            when visit_seq = 1 then 'entry'
            when visit_no > 1 then 'loop'
            when stage_no < previous_stage_no then 'back'
            when stage_no = previous_stage_no + 1 then 'forward'
            else 'skip'
        end as move,
        interactions,
        cast(active_s as bigint) as active_s,
        channel_set,
        online_interactions,
        offline_interactions,
        assisted_interactions,
        is_b2b,
        value,
        cost
    from judged
)

select * from final
