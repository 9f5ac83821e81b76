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
        case
            when p.phone like '+%' then coalesce(one.country, two.country, three.country)
            when p.phone <> '' then p.company_country
        end as phone_country,
        {{ c360.mask_token("nullif(p.phone, '')") }} as phone_token
    from profiles as p
    -- calling codes have one to three digits and are prefix-free: at most one of the three fits
    left join {{ ref('calling_codes') }} as one
        on substr(p.phone, 2, 1) = one.calling_code
    left join {{ ref('calling_codes') }} as two
        on substr(p.phone, 2, 2) = two.calling_code
    left join {{ ref('calling_codes') }} as three
        on substr(p.phone, 2, 3) = three.calling_code
)

select * from final
