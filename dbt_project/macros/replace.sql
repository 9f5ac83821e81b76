{# What `materialized: table` and `view` mean on DuckDB here: one is replaced in one transaction, by few calls to the
   database. dbt-duckdb's own makes another, renames both, drops the old one, and reads each table's columns four times;
   on a small table that is most of the time. A company's project takes these over by name (quality/render_project.py).
   Put here: what is made whole. Keep out: tables that keep rows (parts_table.sql, journeys/customer_table.sql). #}
{% materialization replaced_table, adapter='duckdb' %}
    {%- set target_relation = c360.make_room('table') -%}
    {{ run_hooks(pre_hooks) }}
    {% if config.get('contract').enforced %}
        {% call statement('declared') -%}
            create or replace table {{ target_relation }} {{ get_table_columns_and_constraints() }}
        {%- endcall %}
        {% do c360.require_declared_columns(target_relation, compiled_code) %}
    {% endif %}
    {% call statement('main') -%}
        {% if config.get('contract').enforced %}
            {{ c360.insert_rows(target_relation, compiled_code) }};
        {% else %}
            create or replace table {{ target_relation }} as ({{ compiled_code }});
        {% endif %}
        {{ c360.comment_on(target_relation) }}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% materialization replaced_view, adapter='duckdb' %}
    {%- set target_relation = c360.make_room('view') -%}
    {{ run_hooks(pre_hooks) }}
    {% call statement('main') -%}
        create or replace view {{ target_relation }} as ({{ compiled_code }});
        {{ c360.comment_on(target_relation) }}
    {%- endcall %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# This model as a relation of that type; one of another type leaves. #}
{% macro make_room(type) %}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- if existing_relation is not none and existing_relation.type != type -%}
        {% do adapter.drop_relation(existing_relation) %}
    {%- endif -%}
    {{- return(this.incorporate(type=type)) -}}
{% endmacro %}

{# A column that is described and not there fails the build. #}
{% macro comment_on(relation) %}
    {%- if config.persist_relation_docs() and model.description -%}
        comment on {{ relation.type }} {{ relation }} is '{{ model.description | replace("'", "''") }}';
    {%- endif -%}
    {%- if config.persist_column_docs() -%}
        {%- for column in model.columns.values() if column.description -%}
            comment on column {{ relation }}.{{ adapter.quote(column.name) }} is '{{ column.description | replace("'", "''") }}';
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}

{# The columns the SQL makes are those the contract declares, with their types; else dbt's own message, and no new table. #}
{% macro require_declared_columns(relation, sql) %}
    {%- set differing -%}
        select count(*)
        from (describe (select * from ({{ sql }}) as made where false)) as made
        full outer join (describe {{ relation }}) as declared on lower(made.column_name) = lower(declared.column_name)
        where made.column_type is distinct from declared.column_type
    {%- endset -%}
    {%- if run_query(differing).rows[0][0] -%}{% do get_assert_columns_equivalent(sql) %}{%- endif -%}
{% endmacro %}
