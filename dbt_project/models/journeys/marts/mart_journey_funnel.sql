-- A path is written as stage numbers, >2>>5>, so that like sees no wildcard; once per distinct path, from an example.
-- Step k of n is reached when the pattern of steps 1..k is found: in the path with gaps (ordered), in it side by side
-- (strict), or in its sorted distinct stages with gaps (any). A longer pattern contains the shorter: monotone.
with visits as (
    select * from {{ ref('fct_journey_stages') }}
),

journeys as (
    select * from {{ ref('fct_journeys') }}
    where outcome <> 'void'
),

declared as (
    select * from {{ ref('dim_journeys') }}
),

mandatory_stages as (
    select
        journey_key, stage_no, stage_id, name,
        row_number() over (partition by journey_key order by stage_no) as step_no
    from {{ ref('dim_journey_stages') }}
    where is_mandatory
),

steps as (
    select
        s.journey_key,
        s.step_no,
        s.stage_id,
        s.name,
        {{ c360.listagg_by("'%>' || cast(p.stage_no as " ~ dbt.type_string() ~ ") || '>'", 'p.step_no', '') }}
        || '%' as gaps,
        '%'
        || {{ c360.listagg_by("'>' || cast(p.stage_no as " ~ dbt.type_string() ~ ") || '>'", 'p.step_no', '') }}
        || '%' as side_by_side
    from mandatory_stages as s
    inner join mandatory_stages as p on s.journey_key = p.journey_key and p.step_no <= s.step_no
    group by s.journey_key, s.step_no, s.stage_id, s.name
),

paths as (
    select journey_key, business_model, path, count(*) as instances, min(instance_id) as example
    from journeys
    group by journey_key, business_model, path
),

variants as (
    select
        p.journey_key,
        p.business_model,
        p.instances,
        {{ c360.listagg_by("'>' || cast(v.stage_no as " ~ dbt.type_string() ~ ") || '>'", 'v.visit_seq', '') }} as path,
        {{ c360.listagg_by(
            "case when v.visit_no = 1 then '>' || cast(v.stage_no as " ~ dbt.type_string() ~ ") || '>' else '' end",
            'v.stage_no, v.visit_no', ''
        ) }} as stages_seen
    from paths as p
    inner join visits as v on p.example = v.instance_id
    group by p.journey_key, p.business_model, p.path, p.instances
),

totals as (
    select journey_key, business_model, sum(instances) as instances
    from variants
    group by journey_key, business_model
),

kinds as (
    select 'ordered' as kind
    union all
    select 'strict'
    union all
    select 'any'
),

reached as (
    select
        k.kind,
        s.journey_key,
        t.business_model,
        s.step_no,
        s.stage_id,
        s.name,
        max(t.instances) as started,
        sum(
            case
                when k.kind = 'ordered' and v.path like s.gaps then v.instances
                when k.kind = 'strict' and v.path like s.side_by_side then v.instances
                when k.kind = 'any' and v.stages_seen like s.gaps then v.instances
                else 0
            end
        ) as instances
    from steps as s
    inner join totals as t on s.journey_key = t.journey_key
    inner join variants as v on t.journey_key = v.journey_key and t.business_model = v.business_model
    cross join kinds as k
    group by k.kind, s.journey_key, t.business_model, s.step_no, s.stage_id, s.name
),

compared as (
    select
        *,
        coalesce(
            lag(instances) over (partition by kind, journey_key, business_model order by step_no), started
        ) as previous_instances
    from reached
),

final as (
    select
        c.journey_key,
        d.is_current,
        c.business_model,
        c.kind,
        cast(c.step_no as integer) as step_no,
        c.stage_id,
        c.name as stage_name,
        cast(c.started as bigint) as started,
        cast(c.previous_instances as bigint) as previous_instances,
        cast(c.instances as bigint) as instances,
        cast(c.previous_instances - c.instances as bigint) as dropped,
        cast(1.0 * c.instances / c.started as decimal(9, 6)) as share_of_start,
        cast(1.0 * c.instances / nullif(c.previous_instances, 0) as decimal(9, 6)) as share_of_previous
    from compared as c
    inner join declared as d on c.journey_key = d.journey_key
)

select * from final
