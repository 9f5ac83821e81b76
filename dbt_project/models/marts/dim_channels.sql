with touchpoints as (
    select
        channel,
        count(*) as touchpoints,
        max(case when is_online then 1 when not is_online then 0 end) as any_online,
        min(case when is_online then 1 when not is_online then 0 end) as all_online
    from {{ ref('dim_touchpoints') }}
    where channel is not null
    group by channel
),

activity as (
    select
        channel,
        count(*) as interactions,
        max(case when is_online then 1 when not is_online then 0 end) as any_online,
        min(case when is_online then 1 when not is_online then 0 end) as all_online,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at
    from {{ ref('fct_interactions') }}
    where channel is not null
    group by channel
),

final as (
    select
        coalesce(t.channel, a.channel) as channel,
        replace(coalesce(t.channel, a.channel), '_', ' ') as name,
        case
            when least(t.all_online, a.all_online) = 1 then 'online'
            when greatest(t.any_online, a.any_online) = 0 then 'offline'
            when t.any_online is not null or a.any_online is not null then 'mixed'
        end as mode,
        coalesce(t.touchpoints, 0) as touchpoints,
        coalesce(a.interactions, 0) as interactions,
        a.first_seen_at,
        a.last_seen_at
    from touchpoints as t
    full outer join activity as a
        on t.channel = a.channel
)

select * from final
