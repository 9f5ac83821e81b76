{# Tables with the rows of customers and accounts, of which a build rewrites only those that `int_journey_build__planned`
   says have changed; and, built whole, one range of ids after the other, so that memory stays bounded whatever the size.
   customer_id is an md5, and so is entity_id, which names a customer or an account: equal ranges are equal buckets.
   Put here: the materializations and what they narrow a model to. Keep out: who has changed, what the tables say. #}

{% macro first_customer() %}{{ return('00000000-0000-0000-0000-000000000000') }}{% endmacro %}
{% macro last_customer() %}{{ return('ffffffff-ffff-ffff-ffff-ffffffffffff') }}{% endmacro %}

{# Every scan of a customer-keyed relation in such a model carries this condition. As written it holds for every customer
   (and for no null), so the model runs as it is; the materialization narrows it. Accounts have no customer_id: models of
   facts take all rows without one, and all of them are rewritten each time. #}
{% macro in_customer_range(column='customer_id') -%}
    {%- do ref('int_journey_build__planned') -%}
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

{# The model's SQL for those who have changed. #}
{% macro narrow_to_touched(sql) %}
    {%- set every = "(\\S+) between '" ~ c360.first_customer() ~ "' and '" ~ c360.last_customer() ~ "'" -%}
    {%- set touched = "\\1 in (select entity_id from " ~ c360.of_journeys('int_journey_entities__touched') ~ ")" -%}
    {{- return(modules.re.sub(every, touched, sql)) -}}
{% endmacro %}

{# How many ranges there are: `interactions_per_range` of dbt_project.yml says why not more or fewer. #}
{% macro count_ranges() %}
    {%- set interactions = (graph.nodes.values() | selectattr('name', 'equalto', 'fct_interactions') | list)[0] -%}
    {%- set rows = run_query('select count(*) from ' ~ interactions.relation_name).columns[0].values()[0] -%}
    {{- return(1 + ((rows / var('interactions_per_range')) | int)) -}}
{% endmacro %}

{# The relation of a model of this package, by its name, also where it must not become a parent. #}
{% macro of_journeys(name) %}
    {%- set models = graph.nodes.values() | selectattr('package_name', 'equalto', 'c360') -%}
    {{- return((models | selectattr('name', 'equalto', name) | list)[0].relation_name) -}}
{% endmacro %}

{% macro builds_whole() %}
    {%- set planned = run_query('select is_whole from ' ~ c360.of_journeys('int_journey_build__planned')) -%}
    {{- return(should_full_refresh() or planned.columns[0].values()[0]) -}}
{% endmacro %}

{# Config `is_streamed`: the model sorts and groups nothing but few rows, so it needs no ranges, and may take all rows
   without a customer, which every range would take again. It may be in Python, which then reads
   views that are narrowed. `tells_age`: what it says of a customer changes with as_of, so all are rewritten.
   `is_loose`: stored as it is, in three times the room, for a table nobody publishes: compressing takes a quarter of the
   time of writing it. The setting is the database's: where such a model fails, tables built after it are stored alike. #}
{% materialization customer_table, adapter='duckdb', supported_languages=['sql', 'python'] %}
    {%- set language = model['language'] -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set building = make_intermediate_relation(target_relation) -%}
    {%- set replayed = c360.replayed_version() -%}
    {%- set is_kept = existing_relation is not none and existing_relation.type == 'table'
        and not config.get('tells_age', false) -%}
    {%- set is_whole = not is_kept or (c360.builds_whole() and not replayed) -%}
    {{ drop_relation_if_exists(load_cached_relation(building)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if language == 'sql' and c360.first_customer() not in compiled_code %}
        {% do exceptions.raise_compiler_error(
            this ~ ": a customer_table must filter with c360.in_customer_range(), else every range holds every row"
        ) %}
    {% endif %}

    {% if config.get('is_loose', false) %}{% do run_query("set force_compression = 'uncompressed'") %}{% endif %}
    {% if language == 'python' %}
        {% call statement('main', language='python') -%}
            {{ create_table_as(False, building, compiled_code, 'python') }}
        {%- endcall %}
    {% elif is_whole %}
        {{ c360.write_ranges(building) }}
    {% endif %}
    {% if is_whole %}
        {{ drop_relation_if_exists(existing_relation) }}
        {{ adapter.rename_relation(building, target_relation) }}
    {% elif replayed %}
        {{ c360.write_replayed(target_relation, building if language == 'python' else none, replayed) }}
        {% if language == 'python' %}{{ adapter.drop_relation(building) }}{% endif %}
    {% else %}
        {{ c360.write_touched(target_relation, building if language == 'python' else none) }}
        {% if language == 'python' %}{{ adapter.drop_relation(building) }}{% endif %}
    {% endif %}
    {% if config.get('is_loose', false) %}{% do run_query("set force_compression = 'auto'") %}{% endif %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do run_query(c360.comment_on(target_relation)) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro write_ranges(building) %}
    {%- set count = 1 if config.get('is_streamed', false) else c360.count_ranges() -%}
    {% call statement('main') -%}
        {{ create_table_as(
            False, building, c360.narrow_to_range(compiled_code, 0, count) if count > 1 else compiled_code
        ) }}
    {%- endcall %}
    {% for number in range(1, count) %}
        {% call statement('range_' ~ number) -%}
            {{ c360.insert_rows(building, c360.narrow_to_range(compiled_code, number, count)) }}
        {%- endcall %}
    {% endfor %}
{% endmacro %}

{# In one transaction those who have changed leave, and come back as they are now: in `ready`, else by the model's SQL. #}
{% macro write_touched(target_relation, ready) %}
    {%- set columns = adapter.get_columns_in_relation(target_relation) | map(attribute='name') | list -%}
    {% call statement('deleted') -%}
        delete from {{ target_relation }}
        where
            {% if 'entity_id' in columns %}
            entity_id in (select entity_id from {{ c360.of_journeys('int_journey_entities__touched') }})
            {% else %}
            customer_id is null
            or customer_id in (select entity_id from {{ c360.of_journeys('int_journey_entities__touched') }})
            {% endif %}
    {%- endcall %}
    {% call statement('main') -%}
        {{ c360.insert_rows(target_relation, c360.narrow_to_touched(compiled_code)) if ready is none
            else 'insert into ' ~ target_relation ~ ' select * from ' ~ ready }}
    {%- endcall %}
{% endmacro %}

{% macro insert_rows(relation, sql) %}
    {%- set enforced = config.get('contract').enforced -%}
    insert into {{ relation }} {{ get_column_names() if enforced }} (
        {{ get_select_subquery(sql) if enforced else sql }}
    )
{% endmacro %}

{# A view of all, or of those who have changed, for a model in Python to read: its SQL cannot be narrowed. #}
{% materialization customer_view, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='view') -%}
    {{ drop_relation_if_exists(load_cached_relation(this)) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% call statement('main') -%}
        {{ create_view_as(
            target_relation, compiled_code if c360.builds_whole() else c360.narrow_to_touched(compiled_code)
        ) }}
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do run_query(c360.comment_on(target_relation)) %}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
