-- Several datasets may describe one organisation: the most trusted one speaks, then the newest statement.
with ranked as (
    select
        a.account_key,
        a.name,
        a.industry,
        a.country,
        a.parent_key,
        a.size_band,
        a.dataset,
        row_number() over (
            partition by a.account_key
            order by coalesce(d.survivorship_rank, 1000000), a.valid_at desc nulls last, a.record_id
        ) as place
    from {{ ref('std_accounts') }} as a
    left join {{ source('control', 'datasets') }} as d
        on a.dataset = d.dataset
    where a.account_key is not null
)

select
    account_key,
    name,
    industry,
    country,
    parent_key,
    size_band,
    dataset
from ranked
where place = 1
