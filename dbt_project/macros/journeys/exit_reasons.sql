{# What ended a visit, by its place in REASONS of pipelines/journeys/walk_visits.py: 1 next_stage, 2 terminal, 3 exit,
   4 restarted, 5 excluded, 6 inactivity, 7 max_wait, 8 max_duration; null: nothing yet. From 6 on they are deadlines. #}
{% macro exit_reason(number) -%}
    case {{ number }}
        when 1 then 'next_stage' when 2 then 'terminal' when 3 then 'exit' when 4 then 'restarted'
        when 5 then 'excluded' when 6 then 'inactivity' when 7 then 'max_wait' when 8 then 'max_duration'
    end
{%- endmacro %}
