with current_journeys as (
    select journey_id from {{ ref('dim_journeys') }} where is_current
),

pairs as (
    select a.journey_id, b.journey_id as other_journey_id
    from current_journeys as a
    inner join current_journeys as b on a.journey_id < b.journey_id
),

instances as (
    select
        journey_id, started_at, ended_at,
        coalesce(customer_id, {{ c360.uuid_of('account_key') }}) as entity_id
    from {{ ref('fct_journeys') }}
    where is_current and outcome <> 'void'
),

walkers as (
    select distinct journey_id, entity_id from instances
),

walked as (
    select journey_id, count(*) as customers
    from walkers
    group by journey_id
),

walked_both as (
    select a.journey_id, b.journey_id as other_journey_id, count(*) as customers
    from walkers as a
    inner join walkers as b on a.entity_id = b.entity_id and a.journey_id < b.journey_id
    group by a.journey_id, b.journey_id
),

at_one_time as (
    select a.journey_id, b.journey_id as other_journey_id, count(*) as instances
    from instances as a
    inner join instances as b
        on
            a.entity_id = b.entity_id
            and a.journey_id < b.journey_id
            and (b.ended_at is null or a.started_at <= b.ended_at)
            and (a.ended_at is null or b.started_at <= a.ended_at)
    group by a.journey_id, b.journey_id
),

interactions as (
    select a.journey_id, b.journey_id as other_journey_id, count(*) as interactions
    from {{ ref('int_journey_interactions__shared') }} as a
    inner join {{ ref('int_journey_interactions__shared') }} as b
        on a.interaction_id = b.interaction_id and a.journey_id < b.journey_id
    group by a.journey_id, b.journey_id
),

final as (
    select
        p.journey_id,
        p.other_journey_id,
        coalesce(w.customers, 0) as customers,
        coalesce(o.customers, 0) as other_customers,
        coalesce(b.customers, 0) as shared_customers,
        cast(
            1.0 * coalesce(b.customers, 0)
            / nullif(coalesce(w.customers, 0) + coalesce(o.customers, 0) - coalesce(b.customers, 0), 0)
            as decimal(9, 6)
        ) as share_of_customers,
        coalesce(t.instances, 0) as overlapping_instances,
        coalesce(i.interactions, 0) as shared_interactions
    from pairs as p
    left join walked as w on p.journey_id = w.journey_id
    left join walked as o on p.other_journey_id = o.journey_id
    left join walked_both as b on p.journey_id = b.journey_id and p.other_journey_id = b.other_journey_id
    left join at_one_time as t on p.journey_id = t.journey_id and p.other_journey_id = t.other_journey_id
    left join interactions as i on p.journey_id = i.journey_id and p.other_journey_id = i.other_journey_id
)

select * from final
