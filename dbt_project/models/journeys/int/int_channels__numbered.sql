with channels as (
    select distinct channel
    from {{ ref('fct_interactions') }}
    where channel is not null
),

numbered as (
    select channel, cast(row_number() over (order by channel) as integer) as channel_no
    from channels
),

final as (
    select channel, channel_no, {{ c360.bit('channel_no') }} as channel_set
    from numbered
)

select * from final
