{# What ended a visit, by its place in REASONS of pipelines/journeys/walk_spans.py: 1 next_stage, 2 terminal, 3 exit,
   4 restarted, 5 excluded, 6 inactivity, 7 max_wait, 8 max_duration; null: nothing yet. From 6 on they are deadlines. #}
{% macro exit_reason(number) -%}
    case {{ number }}
        when 1 then 'next_stage' when 2 then 'terminal' when 3 then 'exit' when 4 then 'restarted'
        when 5 then 'excluded' when 6 then 'inactivity' when 7 then 'max_wait' when 8 then 'max_duration'
    end
{%- endmacro %}

{# `spans` (rows of int_journey_spans__walked) with what is so at as_of: a deadline ends what is open from the instant
   after it on, and what is open has no end, whatever the as-of instant. #}
{% macro judge_ends(spans) %}
    select
        judged.*,
        case when ended_by in (1, 3, 4, 5) then left_at when ended_by is not null then last_at end as ended_at,
        case when ended_by > 1 then left_at end as closed_at,
        case when ended_by is null then left_at end as next_change_at,
        {{ c360.exit_reason('ended_by') }} as exit_reason,
        cast(value_cents * cast(0.01 as decimal(2, 2)) as decimal(18, 2)) as value,
        cast(cost_cents * cast(0.01 as decimal(2, 2)) as decimal(18, 2)) as cost
    from (
        select
            spans.*,
            case when spans.left_by < 6 or spans.left_at < run.as_of then spans.left_by end as ended_by
        from {{ spans }} as spans
        cross join (select max(as_of) as as_of from {{ source('control', 'run') }}) as run
    ) as judged
{% endmacro %}
