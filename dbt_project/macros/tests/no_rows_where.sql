{# No row is as the condition says. #}
{% test no_rows_where(model, condition) %}
    select *
    from {{ model }}
    where {{ condition }}
{% endtest %}
