{# Every child value exists in its parent; null has none. All parents of a table in one test: a test costs 20 ms.
   `parents`: a list of {column, parent, field, where}; `where` restricts the children. #}
{% test has_parents(model, parents) %}
    {% for p in parents %}
    select
        '{{ p.column }}' as column_name,
        cast(c.{{ p.column }} as {{ dbt.type_string() }}) as orphan
    from {{ model }} as c
    left join {{ p.parent }} as p
        on c.{{ p.column }} = p.{{ p.field }}
    where
        c.{{ p.column }} is not null
        and p.{{ p.field }} is null
        {% if p.get('where') %}and ({{ p['where'] }}){% endif %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
{% endtest %}
