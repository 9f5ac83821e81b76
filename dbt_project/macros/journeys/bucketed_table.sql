{# A table built one range of customers after the other, so that memory stays bounded whatever its size.
   customer_id is an md5, and so is entity_id, which names a customer or an account: equal ranges are equal buckets. A
   table sorted by it is read by row groups, not whole.
   Put here: the materialization and the range. Keep out: what the tables say. #}

{% macro first_customer() %}{{ return('00000000-0000-0000-0000-000000000000') }}{% endmacro %}
{% macro last_customer() %}{{ return('ffffffff-ffff-ffff-ffff-ffffffffffff') }}{% endmacro %}

{# Every scan of a customer-keyed relation in a bucketed_table model carries this condition. As written it holds for
   every customer (and for no null), so the model runs as it is; the materialization narrows it to one range at a time. #}
{% macro in_customer_range(column='customer_id') -%}
    {{ column }} between '{{ c360.first_customer() }}' and '{{ c360.last_customer() }}'
{%- endmacro %}

{# The model's SQL for range `number` of `count`, from 0. #}
{% macro narrow_to_range(sql, number, count) %}
    {%- set width = (4294967296 / count) | int -%}
    {%- set low = '%08x' % (number * width) -%}
    {%- set high = '%08x' % ((number + 1) * width - 1 if number + 1 < count else 4294967295) -%}
    {{- return(
        sql.replace(c360.first_customer(), low ~ c360.first_customer()[8:])
            .replace(c360.last_customer(), high ~ c360.last_customer()[8:])
    ) -}}
{% endmacro %}

{# How many ranges there are: `interactions_per_range` of dbt_project.yml says why not more or fewer. #}
{% macro count_ranges() %}
    {%- set interactions = (graph.nodes.values() | selectattr('name', 'equalto', 'fct_interactions') | list)[0] -%}
    {%- set rows = run_query('select count(*) from ' ~ interactions.relation_name).columns[0].values()[0] -%}
    {{- return(1 + ((rows / var('interactions_per_range')) | int)) -}}
{% endmacro %}

{% materialization bucketed_table, adapter='duckdb' %}
    {%- set count = c360.count_ranges() -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set building = make_intermediate_relation(target_relation) -%}
    {%- set backup = make_backup_relation(target_relation, 'table' if existing_relation is none else existing_relation.type) -%}
    {{ drop_relation_if_exists(load_cached_relation(building)) }}
    {{ drop_relation_if_exists(load_cached_relation(backup)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% if c360.first_customer() not in compiled_code %}
        {% do exceptions.raise_compiler_error(
            this ~ ": a bucketed_table must filter with c360.in_customer_range(), else every range holds every row"
        ) %}
    {% endif %}
    {% call statement('main') -%}
        {{ create_table_as(False, building, c360.narrow_to_range(compiled_code, 0, count)) }}
    {%- endcall %}
    {% set enforced = config.get('contract').enforced %}
    {% for number in range(1, count) %}
        {% set part = c360.narrow_to_range(compiled_code, number, count) %}
        {% call statement('range_' ~ number) -%}
            insert into {{ building }} {{ get_column_names() if enforced }} (
                {{ get_select_subquery(part) if enforced else part }}
            )
        {%- endcall %}
    {% endfor %}

    {% if existing_relation is not none %}
        {{ adapter.rename_relation(existing_relation, backup) }}
    {% endif %}
    {{ adapter.rename_relation(building, target_relation) }}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do persist_docs(target_relation, model) %}
    {{ adapter.commit() }}
    {{ drop_relation_if_exists(backup) }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
