with sets as (
    select distinct channel_set from {{ ref('int_journey_spans__walked') }}
),

final as (
    select
        s.channel_set,
        {{ c360.listagg_distinct('c.channel') }} as channels,
        cast(count(c.channel) as integer) as channel_count
    from sets as s
    left join {{ ref('int_channels__numbered') }} as c on (s.channel_set & c.channel_set) <> 0
    group by s.channel_set
)

select * from final
