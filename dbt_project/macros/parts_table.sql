{# Standard tables keep their rows from build to build. Rows of parts that landed since the last one are added, and so are
   rows of keys which these landed once more; a dataset is written anew where a part of it is gone, where several rows may
   make one of the table (in all tables but std_interactions), or where very many parts came. Everything is written anew
   where the program, the contracts or other files of the company changed (C360_FILES, pipelines/dbt.py), or with
   --full-refresh. Put here: the materialization. Keep out: what a row says (rendered from the contracts). #}

{# Meta `suppliers`: dataset -> whether each of its rows is made of one landed row. #}
{% materialization parts_table, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- set existing_relation = load_cached_relation(this) -%}
    {%- set building = make_intermediate_relation(target_relation) -%}
    {%- set taken = api.Relation.create(this.database, this.schema, this.identifier ~ '__taken', type='table') -%}
    {%- set is_kept = existing_relation is not none and existing_relation.type == 'table' and not should_full_refresh()
        and c360.is_of_these_files(taken) -%}
    {{ drop_relation_if_exists(load_cached_relation(building)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if is_kept %}
        {{ c360.write_new_parts(target_relation, taken) }}
    {% else %}
        {% call statement('main') -%}
            {{ create_table_as(False, building, compiled_code) }}
        {%- endcall %}
        {{ drop_relation_if_exists(existing_relation) }}
        {{ adapter.rename_relation(building, target_relation) }}
    {% endif %}
    {% call statement('taken') -%}
        create or replace table {{ taken }} as
        select dataset, part_seq, arrived_seq, '{{ env_var('C360_FILES', '') }}' as files
        from {{ source('landing_control', 'parts') }}
        where state = 'current'
    {%- endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do run_query(c360.comment_on(target_relation)) %}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro is_of_these_files(taken) %}
    {%- set relation = adapter.get_relation(taken.database, taken.schema, taken.identifier) -%}
    {%- set files = env_var('C360_FILES', '') -%}
    {%- if relation is none or not files -%}{{ return(false) }}{%- endif -%}
    {%- set found = run_query('select min(files), max(files) from ' ~ taken).rows -%}
    {{- return(found[0][0] == files and found[0][1] == files) -}}
{% endmacro %}

{# Parts are named one by one in a condition: 1,000 of a dataset at most, so that it stays short. #}
{% macro write_new_parts(target_relation, taken) %}
    {%- set compared -%}
        select coalesce(n.dataset, o.dataset) as dataset, n.arrived_seq, n.part_seq is null as is_gone
        from (select * from {{ source('landing_control', 'parts') }} where state = 'current') as n
        full outer join {{ taken }} as o
            on n.dataset = o.dataset and n.part_seq = o.part_seq and n.arrived_seq = o.arrived_seq
        where n.part_seq is null or o.part_seq is null
        order by 1, 2
    {%- endset -%}
    {%- set suppliers = config.get('meta').suppliers -%}
    {%- set moved = run_query(compared).rows -%}
    {% call statement('main') %}select 1{% endcall %}
    {% for dataset in moved | map(attribute=0) | unique if dataset in suppliers %}
        {%- set parts = moved | selectattr(0, 'equalto', dataset) | list -%}
        {%- set arrivals = parts | map(attribute=1) | join(', ') -%}
        {%- set is_gone = parts | selectattr(2) | list | length > 0 -%}
        {%- set of_dataset = "dataset = '" ~ dataset ~ "'" -%}
        {%- if is_gone or parts | length > 1000 or not suppliers[dataset] -%}
            {%- set changed = of_dataset -%}
        {%- else -%}
            {%- set again = c360.find_keys_again(dataset, arrivals) -%}
            {%- set of_parts = 'part_seq in (' ~ arrivals ~ ')' -%}
            {%- if again -%}
                {%- set of_parts = '(' ~ of_parts ~ ' or record_id in (select record_id from landed_again))' -%}
            {%- endif -%}
            {%- set changed = of_dataset ~ ' and ' ~ of_parts -%}
        {%- endif -%}
        {% call statement('left_' ~ dataset) -%}
            delete from {{ target_relation }} where {{ changed }}
        {%- endcall %}
        {% call statement('came_' ~ dataset) -%}
            insert into {{ target_relation }} select * from ({{ compiled_code }}) as supplied where {{ changed }}
        {%- endcall %}
    {% endfor %}
{% endmacro %}

{# `landed_again` (record_id): rows of these parts whose key has landed more than once; returns how many keys. #}
{% macro find_keys_again(dataset, arrivals) %}
    {%- set models = graph.nodes.values() | selectattr('resource_type', 'equalto', 'model') | list -%}
    {%- set base = (models | selectattr('name', 'equalto', 'base_' ~ dataset) | list)[0].relation_name -%}
    {%- set versions = (models | selectattr('name', 'equalto', 'base_' ~ dataset ~ '__versions') | list)[0].relation_name -%}
    {% do run_query(
        "create or replace temp table landed_again as select distinct '" ~ dataset ~ ":' || b._record_key as record_id from "
        ~ base ~ ' as b inner join ' ~ versions ~ ' as v on v.part_seq = b._part_seq and v.row_no = b._row where b._part_seq in ('
        ~ arrivals ~ ')'
    ) %}
    {{- return(run_query('select count(*) from landed_again').rows[0][0]) -}}
{% endmacro %}
