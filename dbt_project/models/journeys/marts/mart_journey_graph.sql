with visits as (
    select * from {{ ref('int_journey_visits__compared') }}
),

journeys as (
    select journey_key, is_current, count(*) as instances
    from {{ ref('int_journey_instances__counted') }}
    group by journey_key, is_current
),

stages as (
    select * from {{ ref('dim_journey_stages') }}
),

declared as (
    select * from {{ ref('int_journey_transitions__declared') }}
),

walked as (
    select
        journey_key, instance_id, entity_id, gap_s, stage_id as to_stage,
        coalesce(previous_stage, '(start)') as from_stage,
        case when visit_seq = 1 then 'start' else 'move' end as kind,
        case when move = 'back' then 1 else 0 end as is_back,
        case when move = 'loop' then 1 else 0 end as is_loop
    from visits
    union all
    select
        journey_key, instance_id, entity_id, null as gap_s, '(' || outcome || ')' as to_stage,
        stage_id as from_stage,
        'end' as kind,
        0 as is_back,
        0 as is_loop
    from visits
    where next_stage is null
),

edges as (
    select
        journey_key,
        kind,
        from_stage,
        to_stage,
        count(*) as moves,
        count(distinct instance_id) as instances,
        count(distinct entity_id) as customers,
        sum(is_back) as back_moves,
        sum(is_loop) as loop_moves,
        {{ c360.percentile('gap_s', 0.5) }} as gap_p50_s,
        {{ c360.percentile('gap_s', 0.9) }} as gap_p90_s
    from walked
    group by journey_key, kind, from_stage, to_stage
),

final as (
    select
        e.journey_key,
        j.is_current,
        e.kind,
        e.from_stage,
        e.to_stage,
        f.stage_no as from_stage_no,
        t.stage_no as to_stage_no,
        case
            when e.kind = 'start' then t.is_entry
            when e.kind = 'move' then d.journey_key is not null
        end as is_declared,
        coalesce(t.stage_no < f.stage_no, false) as is_backward,
        e.moves,
        e.instances,
        e.customers,
        cast(e.back_moves as bigint) as back_moves,
        cast(e.loop_moves as bigint) as loop_moves,
        cast(1.0 * e.moves / sum(e.moves) over (partition by e.journey_key, e.from_stage) as decimal(9, 6))
            as share_of_from,
        cast(1.0 * e.instances / j.instances as decimal(9, 6)) as share_of_instances,
        e.gap_p50_s,
        e.gap_p90_s
    from edges as e
    inner join journeys as j on e.journey_key = j.journey_key
    left join stages as f on e.journey_key = f.journey_key and e.from_stage = f.stage_id
    left join stages as t on e.journey_key = t.journey_key and e.to_stage = t.stage_id
    left join declared as d
        on e.journey_key = d.journey_key and f.stage_no = d.from_stage_no and t.stage_no = d.to_stage_no
)

select * from final
