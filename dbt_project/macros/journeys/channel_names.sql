{# One row per distinct set of channels in `relation` (column channel_set), with the names sorted and counted. #}
{% macro name_channel_sets(relation) %}
    select
        sets.channel_set,
        {{ c360.listagg_distinct('channels.channel') }} as channels,
        cast(count(channels.channel) as integer) as channel_count
    from (select distinct channel_set from {{ relation }}) as sets
    left join {{ ref('int_channels__numbered') }} as channels
        on (sets.channel_set & channels.channel_set) <> 0
    group by sets.channel_set
{% endmacro %}
