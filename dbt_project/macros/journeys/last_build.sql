{# What the last build left behind, for the models that decide what this one rewrites. They come before what they read, so
   it is no parent of theirs; before there is one with these columns, a query without rows stands for it.
   Put here: finding it, and the columns read of it. Keep out: the decision. #}
{% macro last_build_of(name, columns) %}
    {%- if execute -%}
        {%- set models = graph.nodes.values() | selectattr('package_name', 'equalto', 'c360') -%}
        {%- set model = (models | selectattr('name', 'equalto', name) | list)[0] -%}
        {%- set relation = adapter.get_relation(model.database, model.schema, model.alias) -%}
        {%- set there = adapter.get_columns_in_relation(relation) | map(attribute='name') | list if relation else [] -%}
        {%- if relation and columns | reject('in', there) | list == [] -%}{{ return(relation) }}{%- endif -%}
    {%- endif -%}
    (select
        {%- for column, type in columns.items() %} cast(null as {{ type }}) as {{ column }}{{ ',' if not loop.last }}{% endfor %}
    where 1 = 0) as nothing
{%- endmacro %}

{% macro entities_built() %}
    {{- return({
        'entity_id': 'uuid', 'digest': 'bigint', 'is_of_account': 'boolean', 'as_of': 'timestamp',
        'fingerprint': dbt.type_string()
    }) -}}
{% endmacro %}

{% macro spans_walked() %}
    {{- return({'entity_id': 'uuid', 'left_by': 'integer', 'left_at': 'timestamp'}) -}}
{% endmacro %}
