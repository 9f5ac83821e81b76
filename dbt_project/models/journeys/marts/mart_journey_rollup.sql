-- Instances add up over the journeys below a node; customers and money do not: a customer may walk several of them, and
-- an interaction may serve several, so customers are counted again and the money of shared interactions is taken once.
with atlas as (
    select * from {{ ref('dim_journey_atlas') }}
),

nodes as (
    select descendant_id as node_id, descendant_kind as node_kind, descendant_name as node_name, level, path
    from atlas
    where depth = 0
),

scopes as (
    select 'own' as scope
    union all
    select 'with_descendants'
),

current_journeys as (
    select journey_id from {{ ref('dim_journeys') }} where is_current
),

journeys_in_scope as (
    select a.ancestor_id as node_id, s.scope, j.journey_id
    from atlas as a
    inner join current_journeys as j on a.descendant_id = j.journey_id
    inner join scopes as s on s.scope = 'with_descendants' or a.depth = 0
),

instances as (
    select * from {{ ref('fct_journeys') }} where is_current and outcome <> 'void'
),

journey_sums as (
    select
        journey_id,
        count(*) as instances,
        count(case when outcome = 'converted' then 1 end) as converted,
        sum(value) as value,
        sum(cost) as cost
    from instances
    group by journey_id
),

sums as (
    select
        n.node_id,
        n.scope,
        count(*) as journeys,
        sum(j.instances) as instances,
        sum(j.converted) as converted,
        sum(j.value) as value,
        sum(j.cost) as cost
    from journeys_in_scope as n
    left join journey_sums as j on n.journey_id = j.journey_id
    group by n.node_id, n.scope
),

walkers as (
    select distinct journey_id, customer_id, account_key from instances
),

customers as (
    select
        n.node_id, n.scope,
        count(distinct w.customer_id) as customers, count(distinct w.account_key) as accounts
    from journeys_in_scope as n
    inner join walkers as w on n.journey_id = w.journey_id
    group by n.node_id, n.scope
),

shared as (
    select
        n.node_id, n.scope, i.interaction_id,
        count(*) - 1 as times_too_often, max(i.value) as value, max(i.cost) as cost
    from journeys_in_scope as n
    inner join {{ ref('int_journey_interactions__shared') }} as i on n.journey_id = i.journey_id
    group by n.node_id, n.scope, i.interaction_id
),

surplus as (
    select node_id, scope, sum(times_too_often * value) as value, sum(times_too_often * cost) as cost
    from shared
    group by node_id, scope
),

final as (
    select
        n.node_id,
        n.node_kind,
        n.node_name,
        n.level,
        n.path,
        s.scope,
        coalesce(t.journeys, 0) as journeys,
        cast(coalesce(t.instances, 0) as bigint) as instances,
        coalesce(c.customers, 0) as customers,
        coalesce(c.accounts, 0) as accounts,
        cast(coalesce(t.converted, 0) as bigint) as converted,
        cast(t.value - coalesce(x.value, 0) as decimal(18, 2)) as value,
        cast(t.cost - coalesce(x.cost, 0) as decimal(18, 2)) as cost
    from nodes as n
    cross join scopes as s
    left join sums as t on n.node_id = t.node_id and s.scope = t.scope
    left join customers as c on n.node_id = c.node_id and s.scope = c.scope
    left join surplus as x on n.node_id = x.node_id and s.scope = x.scope
)

select * from final
