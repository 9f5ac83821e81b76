-- Each count of drop-outs is the length of its list, and each edge of the graph into (dropped) the sum of its counts.
{{ config(meta={'dagster': {'ref': {'name': 'mart_journey_dropouts', 'package': 'c360', 'version': 1}}}) }}

with listed as (
    select
        journey_key,
        last_stage,
        last_channel,
        business_model,
        count(*) as dropouts,
        count(distinct coalesce(cast(customer_id as {{ dbt.type_string() }}), account_key)) as customers,
        coalesce(sum(value_at_stake), 0) as value_at_stake
    from {{ ref('mart_journey_dropouts') }}
    group by journey_key, last_stage, last_channel, business_model
),

counted as (
    select * from {{ ref('mart_journey_dropout_counts') }}
),

stages as (
    select journey_key, last_stage, sum(dropouts) as dropouts
    from counted
    group by journey_key, last_stage
),

edges as (
    select * from {{ ref('mart_journey_graph') }}
    where to_stage = '(dropped)'
)

select coalesce(l.journey_key, c.journey_key) as journey_key, coalesce(l.last_stage, c.last_stage) as last_stage
from listed as l
full outer join counted as c
    on
        l.journey_key = c.journey_key
        and l.last_stage = c.last_stage
        and l.last_channel = c.last_channel
        and l.business_model = c.business_model
where
    coalesce(l.dropouts, 0) <> coalesce(c.dropouts, 0)
    or l.customers <> c.customers
    or l.value_at_stake <> coalesce(c.value_at_stake, 0)
union all
select coalesce(s.journey_key, e.journey_key) as journey_key, coalesce(s.last_stage, e.from_stage) as last_stage
from stages as s
full outer join edges as e on s.journey_key = e.journey_key and s.last_stage = e.from_stage
where coalesce(s.dropouts, 0) <> coalesce(e.instances, 0)
