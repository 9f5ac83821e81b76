with stages as (
    select * from {{ ref('dim_journey_stages') }}
),

journeys as (
    select d.journey_key, d.is_current, count(i.instance_id) as instances
    from {{ ref('dim_journeys') }} as d
    left join {{ ref('int_journey_instances__counted') }} as i on d.journey_key = i.journey_key
    group by d.journey_key, d.is_current
),

visits as (
    select
        journey_key,
        stage_id,
        count(*) as visits,
        count(distinct instance_id) as instances,
        count(distinct entity_id) as customers,
        count(distinct case when is_converted then instance_id end) as converted,
        count(case when is_advanced then 1 end) as advanced,
        count(case when is_dropped then 1 end) as dropped,
        count(case when exited_at is null then 1 end) as open_visits,
        count(case when visit_no > 1 then 1 end) as returns,
        count(sla_breached) as sla_visits,
        count(case when sla_breached then 1 end) as sla_breaches,
        count(csat) as csat_visits,
        cast(sum(csat) / nullif(count(csat), 0) as decimal(9, 4)) as csat,
        count(effort) as effort_visits,
        cast(sum(effort) / nullif(count(effort), 0) as decimal(9, 4)) as effort,
        cast(
            sum(cast(sentiment as decimal(9, 4))) / nullif(count(sentiment), 0) as decimal(9, 4)
        ) as sentiment
    from {{ ref('int_journey_visits__compared') }}
    group by journey_key, stage_id
),

durations as (
    select * from {{ ref('mart_journey_stage_durations') }}
    where business_model = 'all'
),

hotspots as (
    select journey_key, kind, place, count(*) as hotspots
    from {{ ref('mart_journey_hotspots') }}
    where is_hotspot
    group by journey_key, kind, place
),

edges as (
    select * from {{ ref('mart_journey_graph') }}
),

-- moves the map allows, though nobody made them
unwalked as (
    select d.journey_key, f.stage_id as from_stage, t.stage_id as to_stage, f.stage_no as from_stage_no, t.stage_no
    from {{ ref('int_journey_transitions__declared') }} as d
    inner join stages as f on d.journey_key = f.journey_key and d.from_stage_no = f.stage_no
    inner join stages as t on d.journey_key = t.journey_key and d.to_stage_no = t.stage_no
    left join edges as e
        on d.journey_key = e.journey_key and f.stage_id = e.from_stage and t.stage_id = e.to_stage
    where e.journey_key is null
),

places as (
    select
        s.journey_key,
        'stage' as kind,
        s.stage_id as place,
        cast(null as {{ dbt.type_string() }}) as from_stage,
        s.stage_id as to_stage,
        cast(null as integer) as from_stage_no,
        s.stage_no as to_stage_no,
        s.name,
        true as is_declared,
        coalesce(v.visits, 0) as visits,
        coalesce(v.instances, 0) as instances,
        coalesce(v.customers, 0) as customers,
        cast(1.0 * v.converted / v.instances as decimal(9, 6)) as conversion,
        cast(1.0 * v.advanced / v.visits as decimal(9, 6)) as share_advanced,
        cast(1.0 * v.dropped / v.visits as decimal(9, 6)) as share_dropped,
        v.dropped,
        v.open_visits,
        v.returns,
        d.p50_s,
        d.p90_s,
        d.wait_share,
        v.sla_visits,
        v.sla_breaches,
        v.csat_visits,
        v.csat,
        v.effort_visits,
        v.effort,
        v.sentiment
    from stages as s
    left join visits as v on s.journey_key = v.journey_key and s.stage_id = v.stage_id
    left join durations as d on s.journey_key = d.journey_key and s.stage_id = d.stage_id
    union all
    select
        journey_key,
        kind,
        from_stage || '>' || to_stage as place,
        from_stage,
        to_stage,
        from_stage_no,
        to_stage_no,
        null as name,
        is_declared,
        moves as visits,
        instances,
        customers,
        null as conversion,
        share_of_from as share_advanced,
        null as share_dropped,
        null as dropped,
        null as open_visits,
        loop_moves as returns,
        gap_p50_s as p50_s,
        gap_p90_s as p90_s,
        null as wait_share,
        null as sla_visits,
        null as sla_breaches,
        null as csat_visits,
        null as csat,
        null as effort_visits,
        null as effort,
        null as sentiment
    from edges
    union all
    select
        journey_key,
        'move' as kind,
        from_stage || '>' || to_stage as place,
        from_stage,
        to_stage,
        from_stage_no,
        stage_no as to_stage_no,
        null as name,
        true as is_declared,
        0 as visits,
        0 as instances,
        0 as customers,
        null as conversion,
        0 as share_advanced,
        null as share_dropped,
        null as dropped,
        null as open_visits,
        0 as returns,
        null as p50_s,
        null as p90_s,
        null as wait_share,
        null as sla_visits,
        null as sla_breaches,
        null as csat_visits,
        null as csat,
        null as effort_visits,
        null as effort,
        null as sentiment
    from unwalked
),

final as (
    select
        p.journey_key,
        j.is_current,
        p.kind,
        p.place,
        p.from_stage,
        p.to_stage,
        p.from_stage_no,
        p.to_stage_no,
        p.name,
        p.is_declared,
        p.visits,
        p.instances,
        p.customers,
        cast(1.0 * p.instances / nullif(j.instances, 0) as decimal(9, 6)) as share_of_instances,
        cast(p.conversion as decimal(9, 6)) as conversion,
        cast(p.share_advanced as decimal(9, 6)) as share_advanced,
        cast(p.share_dropped as decimal(9, 6)) as share_dropped,
        p.dropped,
        p.open_visits,
        p.returns,
        p.p50_s,
        p.p90_s,
        cast(p.wait_share as decimal(9, 6)) as wait_share,
        p.sla_visits,
        p.sla_breaches,
        p.csat_visits,
        cast(p.csat as decimal(9, 4)) as csat,
        p.effort_visits,
        cast(p.effort as decimal(9, 4)) as effort,
        cast(p.sentiment as decimal(9, 4)) as sentiment,
        coalesce(h.hotspots, 0) as hotspots
    from places as p
    inner join journeys as j on p.journey_key = j.journey_key
    left join hotspots as h
        on
            p.journey_key = h.journey_key
            and p.place = h.place
            and h.kind = case when p.kind = 'stage' then 'stage' else 'edge' end
)

select * from final
