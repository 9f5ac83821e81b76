with channels as (
    select distinct channel
    from {{ ref('fct_interactions') }}
    where channel is not null
),

final as (
    select channel, cast(row_number() over (order by channel) as integer) as channel_no
    from channels
)

select * from final
