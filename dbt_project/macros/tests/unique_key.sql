{# One row per key; no part of it is missing, unless the contract says that parts may be. #}
{% test unique_key(model, columns, may_be_null=false) %}
    select {{ columns | join(', ') }}
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {% for column in columns if not may_be_null %}or {{ column }} is null
        {% endfor %}
{% endtest %}
