with members as (
    select
        c.*,
        g.reason
    from {{ ref('dim_customers') }} as c
    inner join {{ ref('int_households__grouped') }} as g
        on c.customer_id = g.customer_id
),

-- Members who share a loyalty account may live in several towns: the household's is that of its first member who names
-- one, with the region and country of the same person.
homes as (
    select
        household_id,
        country,
        region,
        city,
        row_number() over (partition by household_id order by first_arrived_on, customer_id) as place
    from members
    where city is not null
),

summed as (
    select
        household_id,
        count(*) as members,
        max(case when reason like '%address%' then 1 else 0 end) = 1 as shares_address,
        max(case when reason like '%loyalty%' then 1 else 0 end) = 1 as shares_loyalty,
        min(first_arrived_on) as first_arrived_on,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        cast(sum(interactions) as bigint) as interactions,
        cast(sum(orders) as bigint) as orders,
        cast(sum(revenue) as decimal(18, 2)) as revenue
    from members
    group by household_id
),

final as (
    select
        s.household_id,
        s.members,
        s.shares_address,
        s.shares_loyalty,
        h.country,
        h.region,
        h.city,
        s.first_arrived_on,
        s.first_seen_at,
        s.last_seen_at,
        s.interactions,
        s.orders,
        s.revenue
    from summed as s
    left join homes as h
        on s.household_id = h.household_id and h.place = 1
)

select * from final
order by household_id
