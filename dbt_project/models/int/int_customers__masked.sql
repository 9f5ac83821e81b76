-- The only place where a golden profile's raw values are read: what leaves here may be published.
with profiles as (
    select
        p.customer_id,
        p.birth_date,
        p.gender,
        p.language,
        p.country,
        p.region,
        p.city,
        {{ c360.canonical_email('p.email') }} as email,
        {{ c360.canonical_phone('p.phone') }} as phone,
        r.country as company_country
    from {{ source('identity', 'golden_profiles') }} as p
    cross join {{ ref('int_run__declared') }} as r
),

-- The longest calling code a number begins with; codes are prefix-free, so at most one fits.
dialled as (
    select
        p.customer_id,
        min(c.country) as country
    from profiles as p
    inner join {{ ref('calling_codes') }} as c
        on c.calling_code in (substr(p.phone, 2, 1), substr(p.phone, 2, 2), substr(p.phone, 2, 3))
    where p.phone like '+%'
    group by p.customer_id
),

final as (
    select
        p.customer_id,
        p.gender,
        p.language,
        p.country,
        p.region,
        p.city,
        {{ c360.mask_birth_year('p.birth_date') }} as birth_year,
        {{ c360.mask_email_domain('p.email') }} as email_domain,
        {{ c360.mask_token("nullif(p.email, '')") }} as email_token,
        case when p.phone like '+%' then d.country when p.phone <> '' then p.company_country end as phone_country,
        {{ c360.mask_token("nullif(p.phone, '')") }} as phone_token
    from profiles as p
    left join dialled as d
        on p.customer_id = d.customer_id
)

select * from final
