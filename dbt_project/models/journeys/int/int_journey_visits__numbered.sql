{{ config(materialized='bucketed_table') }}

with interactions as (
    select * from {{ ref('int_journey_interactions__grouped') }}
    where {{ c360.in_customer_range() }}
),

runs as (
    select * from {{ ref('int_journey_runs__staged') }}
    where {{ c360.in_customer_range() }}
),

journeys as (
    select j.journey_no, j.journey_key, j.inactivity_s, r.as_of
    from {{ source('control', 'journeys') }} as j
    cross join (select max(as_of) as as_of from {{ source('control', 'run') }}) as r
),

-- numbered before they are summed up, so that little goes through the windows; an instance is named after its customer,
-- its journey and its first interaction, once, at its first visit
started as (
    select
        r.*,
        case
            when r.visit_row = r.instance_row
                then {{ c360.uuid_of(
                    "cast(r.customer_id as " ~ dbt.type_string() ~ ") || '|' || j.journey_key || '|' || cast(r.first_interaction_id as "
                    ~ dbt.type_string() ~ ")"
                ) }}
        end as start_id
    from runs as r
    inner join journeys as j on r.journey_no = j.journey_no
    where r.run_row = r.visit_row
),

numbered as (
    select
        customer_id,
        journey_no,
        visit_row,
        stage_no,
        first_value(start_id) over in_instance as instance_id,
        row_number() over in_instance as visit_seq,
        lag(stage_no) over in_instance as previous_stage_no,
        lead(stage_no) over in_instance as next_stage_no,
        lead(first_at) over in_instance as next_entered_at,
        row_number() over (
            partition by customer_id, journey_no, instance_row, stage_no order by visit_row
        ) as visit_no
    from started
    window in_instance as (partition by customer_id, journey_no, instance_row order by visit_row)
),

summed as (
    select
        r.customer_id,
        r.journey_no,
        r.visit_row,
        max(r.closed_by) as closed_by,
        max(r.exit_at) as exit_at,
        min(i.occurred_at) as entered_at,
        max(i.occurred_at) as last_at,
        count(*) as interactions,
        -- the silence before a visit is not in it
        sum(case when i.row_no > r.visit_row then i.active_gap_s else 0 end) as active_s,
        bit_or(i.channel_set) as channel_set,
        count(case when i.is_online then 1 end) as online_interactions,
        count(case when not i.is_online then 1 end) as offline_interactions,
        count(case when i.assisted then 1 end) as assisted_interactions,
        {{ dbt.bool_or('i.is_b2b') }} as is_b2b,
        sum(i.value) as value,
        sum(i.cost) as cost
    from interactions as i
    inner join runs as r
        on i.customer_id = r.customer_id and i.journey_no = r.journey_no and i.run_row = r.run_row
    group by r.customer_id, r.journey_no, r.visit_row
),

visits as (
    select
        n.*,
        j.as_of,
        s.last_at + j.inactivity_s * interval '1' second as inactive_after,
        s.closed_by, s.exit_at, s.entered_at, s.last_at, s.interactions, s.active_s, s.channel_set,
        s.online_interactions, s.offline_interactions, s.assisted_interactions, s.is_b2b, s.value, s.cost
    from numbered as n
    inner join summed as s
        on n.customer_id = s.customer_id and n.journey_no = s.journey_no and n.visit_row = s.visit_row
    inner join journeys as j on n.journey_no = j.journey_no
),

-- with nothing after the last visit, its deadline may have passed by now
closed as (
    select
        *,
        case
            when next_entered_at is not null then 0
            when closed_by is not null then closed_by
            when as_of > inactive_after then 3
        end as left_by
    from visits
),

final as (
    select
        customer_id,
        journey_no,
        visit_row,
        instance_id,
        stage_no,
        cast(visit_seq as integer) as visit_seq,
        cast(visit_no as integer) as visit_no,
        previous_stage_no,
        next_stage_no,
        entered_at,
        last_at,
        -- an open visit has no end, whatever the as-of instant
        case left_by when 0 then next_entered_at when 1 then last_at when 2 then exit_at when 3 then last_at end
            as exited_at,
        case left_by when 1 then last_at when 2 then exit_at when 3 then inactive_after end as closed_at,
        case when left_by is null then inactive_after end as next_change_at,
        case left_by when 0 then 'next_stage' when 1 then 'terminal' when 2 then 'exit' when 3 then 'inactivity' end
            as exit_reason,
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
    from closed
)

select * from final
