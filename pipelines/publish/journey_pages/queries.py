"""Which table a figure is from. Each query is about one journey ($id) or one version of it ($key).

Put here: SQL over the published file. Keep out: computing what a mart can hold (dbt_project/), running it (read.py).
"""

JOURNEYS = """
    select journey_id, journey_key, name, job_to_be_done, use_case, owner_function, entity
    from marts.dim_journeys
    order by journey_id, version
"""
VERSIONS = """
    with walked as (
        select journey_key, outcome, duration_s
        from marts.fct_journeys
        where journey_id = $id and outcome <> 'void'
    ),

    answered as (
        select v.journey_key, avg(v.csat) as csat, count(v.csat) as csat_answers
        from marts.fct_journey_stages as v
        inner join marts.fct_journeys as j on v.instance_id = j.instance_id
        where v.journey_id = $id and j.outcome <> 'void'
        group by all
    )

    select
        d.version, d.status, d.is_current,
        (select count(*) from marts.dim_journey_stages as s where s.journey_key = d.journey_key) as stages,
        coalesce(histogram(w.outcome), map {}) as outcomes,
        median(w.duration_s) filter (not list_contains($not_goals, w.outcome)) as median_s,
        a.csat,
        coalesce(a.csat_answers, 0) as csat_answers
    from marts.dim_journeys as d
    left join walked as w on d.journey_key = w.journey_key
    left join answered as a on d.journey_key = a.journey_key
    where d.journey_id = $id
    group by d.journey_key, d.version, d.status, d.is_current, a.csat, a.csat_answers
    order by d.version
"""
SPAN = """
    select
        count(distinct coalesce(cast(customer_id as varchar), account_key)) as customers,
        min(started_at) as first_at, max(last_interaction_at) as last_at
    from marts.fct_journeys
    where journey_key = $key and outcome <> 'void'
"""
STAGES = """
    with moods as (
        select v.stage_id, count(v.sentiment) as answers
        from marts.fct_journey_stages as v
        inner join marts.fct_journeys as j on v.instance_id = j.instance_id
        where v.journey_key = $key and j.outcome <> 'void'
        group by all
    )

    select
        s.stage_id, s.stage_no, s.name, s.is_mandatory, s.is_moment_of_truth, s.terminal_outcome, s.sla_s, s.expects,
        m.instances as reached, m.visits, coalesce(e.instances, 0) as entries,
        m.csat, coalesce(m.csat_visits, 0) as csat_answers, m.effort, coalesce(m.effort_visits, 0) as effort_answers,
        m.sentiment, coalesce(f.answers, 0) as sentiment_answers,
        coalesce(m.sla_breaches, 0) as sla_breaches, coalesce(m.sla_visits, 0) as sla_visits,
        m.p50_s, m.p90_s, m.wait_share
    from marts.dim_journey_stages as s
    inner join marts.mart_journey_map as m
        on s.journey_key = m.journey_key and m.kind = 'stage' and s.stage_id = m.to_stage
    left join marts.mart_journey_map as e
        on s.journey_key = e.journey_key and e.kind = 'start' and s.stage_id = e.to_stage
    left join moods as f on s.stage_id = f.stage_id
    where s.journey_key = $key
    order by s.stage_no
"""
MOVES = """
    select from_stage, to_stage, visits as moves, is_declared, p50_s as median_s
    from marts.mart_journey_map
    where journey_key = $key and kind = 'move'
    order by moves desc, from_stage_no, to_stage_no
"""
GAPS = """
    select stage_id, metric, expected, measured, is_met, visits
    from marts.mart_journey_expectation_gap
    where journey_key = $key
    order by stage_no, metric
"""
DRIVERS = """
    select stage_id, feature, feature_value, visits, dropped, rate_with, rate_without, excess
    from marts.mart_journey_dropout_drivers
    where journey_key = $key and is_driver
    order by driver_no
"""
DROPOUTS = """
    select last_stage as stage_id, last_channel, business_model, dropouts, value_at_stake
    from marts.mart_journey_dropout_counts
    where journey_key = $key
    order by dropouts desc, stage_no, last_channel, business_model
"""
FUNNEL = """
    select
        step_no, stage_name,
        sum(previous_instances) filter (kind = 'ordered') as previous,
        sum(instances) filter (kind = 'ordered') as ordered,
        sum(instances) filter (kind = 'strict') as strict,
        sum(instances) filter (kind = 'any') as "any"
    from marts.mart_journey_funnel
    where journey_key = $key
    group by all
    order by step_no
"""
PATHS = """
    select
        list_slice(string_split(path, '>'), 1, $visits) as stages, visits > $visits as is_longer, outcome,
        count(*) as instances
    from marts.fct_journeys
    where journey_key = $key and outcome <> 'void'
    group by all
    order by instances desc, stages, outcome
"""
VARIANTS = """
    select string_split(path, '>') as stages, false as is_longer, outcome, count(*) as instances, count(*) over () as n
    from marts.fct_journeys
    where journey_key = $key and outcome <> 'void'
    group by all
    order by instances desc, stages, outcome
    limit $most
"""
ENDS = """
    select from_stage as stage_id, trim(to_stage, '()') as outcome, instances
    from marts.mart_journey_graph
    where journey_key = $key and kind = 'end'
    order by instances desc, outcome
"""
HOTSPOTS = """
    select
        hotspot_no, measure, string_split(place, '>') as place, channel, business_model, week, n, observed, baseline,
        customers_lost, value_lost, q_value
    from marts.mart_journey_hotspots
    where journey_key = $key and is_hotspot
    order by hotspot_no
"""
TESTED = "select count(p_value) as cells from marts.mart_journey_hotspots where journey_key = $key"
