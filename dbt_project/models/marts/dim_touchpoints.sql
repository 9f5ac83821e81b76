with declared as (
    select * from {{ ref('int_touchpoints__declared') }}
),

activity as (
    select
        touchpoint,
        count(*) as interactions,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at
    from {{ ref('fct_interactions') }}
    where touchpoint is not null
    group by touchpoint
),

final as (
    select
        coalesce(d.touchpoint, a.touchpoint) as touchpoint,
        d.touchpoint is not null as is_declared,
        coalesce(d.name, a.touchpoint) as name,
        d.channel,
        d.is_online,
        d.assisted,
        d.initiator,
        d.use_case,
        cast(d.unit_cost as decimal(18, 2)) as unit_cost,
        d.attributes,
        coalesce(a.interactions, 0) as interactions,
        a.first_seen_at,
        a.last_seen_at
    from declared as d
    full outer join activity as a
        on d.touchpoint = a.touchpoint
)

select * from final
