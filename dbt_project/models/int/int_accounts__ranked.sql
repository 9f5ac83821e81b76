-- Several datasets may speak of one organisation, some only naming it: each attribute comes from the most trusted one
-- that states it, its newest statement first.
with described as (
    select
        a.account_key,
        a.name,
        a.industry,
        a.country,
        a.parent_key,
        a.size_band,
        a.dataset,
        coalesce(a.name, a.industry, a.country, a.parent_key, a.size_band) is not null as is_described,
        row_number() over (
            partition by a.account_key
            order by coalesce(d.survivorship_rank, 1000000), a.valid_at desc nulls last, a.record_id
        ) as place
    from {{ ref('std_accounts') }} as a
    left join {{ source('control', 'datasets') }} as d
        on a.dataset = d.dataset
    where a.account_key is not null
),

final as (
    select
        account_key,
        {{ c360.first_by('name', 'case when name is not null then place end') }} as name,
        {{ c360.first_by('industry', 'case when industry is not null then place end') }} as industry,
        {{ c360.first_by('country', 'case when country is not null then place end') }} as country,
        {{ c360.first_by('parent_key', 'case when parent_key is not null then place end') }} as parent_key,
        {{ c360.first_by('size_band', 'case when size_band is not null then place end') }} as size_band,
        {{ c360.first_by('dataset', 'case when is_described then place end') }} as dataset,
        max(case when is_described then 1 else 0 end) = 1 as is_described
    from described
    group by account_key
)

select * from final
