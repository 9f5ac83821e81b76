-- std_persons holds current records only, so an account is linked for as long as its record stands.
with linked as (
    select
        l.customer_id,
        p.account_key,
        count(*) as records
    from {{ ref('std_persons') }} as p
    inner join {{ source('identity', 'id_lookup') }} as l
        on p.subject_id = l.subject_id
    where p.account_key is not null and l.customer_id is not null
    group by l.customer_id, p.account_key
),

final as (
    select
        customer_id,
        account_key,
        records,
        count(*) over (partition by customer_id) = 1 as is_sole
    from linked
)

select * from final
