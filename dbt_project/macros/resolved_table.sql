{# A table with one row for each row of a standard table and what identity made of it. A build rewrites the rows whose
   landed row is another or which resolve otherwise now, and leaves all others: writing costs more than finding them.
   Everything is written where files of the program or the company changed (C360_FILES, pipelines/dbt.py), with
   --full-refresh, and where more than `rewrite_all_above` of all rows differ, which is quicker then and sorts them anew.
   Put here: the materialization. Keep out: what a row says, and how it is resolved (the model).

   Config: `key`, the same in both tables; `resolved`, the columns that are not the landed row's;
   `sorted_for`, by which readers filter; `of`, the standard table, whose meta `suppliers` tells of which datasets each
   row is made of one landed row. The part of such a row tells its version; the rows of other datasets are all rewritten. #}
{% materialization resolved_table, adapter='duckdb' %}
    {%- set target_relation = c360.make_room('table') -%}
    {%- set notes = api.Relation.create(this.database, 'run_state', 'made_of') -%}
    {%- set files = env_var('C360_FILES', '') -%}
    {%- set is_kept = load_cached_relation(this) is not none and not should_full_refresh() and files
        and c360.is_made_of(notes, files) and c360.find_rewritten(target_relation) -%}
    {%- set sorted = ' order by ' ~ config.require('sorted_for') | join(', ') -%}
    {{ run_hooks(pre_hooks) }}
    {% if is_kept %}
        {% call statement('left') -%}
            delete from {{ target_relation }}
            where {{ config.require('key') }} in (select id from rewritten)
        {%- endcall %}
        {% call statement('main') -%}
            {{ c360.insert_rows(target_relation, c360.narrow_to_rewritten(compiled_code) ~ sorted) }}
        {%- endcall %}
    {% else %}
        {% call statement('declared') -%}
            create or replace table {{ target_relation }} {{ get_table_columns_and_constraints() }}
        {%- endcall %}
        {% do c360.require_declared_columns(target_relation, compiled_code) %}
        {% call statement('main') -%}
            {{ c360.insert_rows(target_relation, compiled_code ~ sorted) }}
        {%- endcall %}
        {% call statement('noted') -%}
            create schema if not exists {{ notes.without_identifier() }};
            create table if not exists {{ notes }} (name varchar, made_of varchar);
            delete from {{ notes }} where name = '{{ this.schema }}.{{ this.identifier }}';
            insert into {{ notes }} values ('{{ this.schema }}.{{ this.identifier }}', '{{ files }}');
            {{ c360.comment_on(target_relation) }}
        {%- endcall %}
    {% endif %}
    {{ run_hooks(post_hooks) }}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{% macro is_made_of(notes, files) %}
    {%- set name = this.schema ~ '.' ~ this.identifier -%}
    {%- if adapter.get_relation(notes.database, notes.schema, notes.identifier) is none -%}{{ return(false) }}{%- endif -%}
    {%- set noted = run_query("select made_of from " ~ notes ~ " where name = '" ~ name ~ "'").rows -%}
    {{- return(noted | length == 1 and noted[0][0] == files) -}}
{% endmacro %}

{# Makes `rewritten` (id), the keys of rows that go, come or change; false where they are too many. #}
{% macro find_rewritten(relation) %}
    {%- set standard = (graph.nodes.values() | selectattr('name', 'equalto', config.require('of')) | list)[0] -%}
    {%- set grouped = [] -%}
    {%- for dataset, is_row_by_row in standard.config.meta.get('suppliers', {}).items() if not is_row_by_row -%}
        {%- do grouped.append("'" ~ dataset ~ "'") -%}
    {%- endfor -%}
    {%- set key = config.require('key') -%}
    {%- set digest = c360.row_digest(config.require('resolved') + ['part_seq']) -%}
    {% do run_query(
        'create or replace temp table rewritten as select coalesce(n.id, o.id) as id from (select ' ~ key ~ ' as id, '
        ~ digest ~ ' as digest, dataset from (' ~ compiled_code ~ ') as made) as n full outer join (select ' ~ key
        ~ ' as id, ' ~ digest ~ ' as digest from ' ~ relation ~ ') as o on n.id = o.id '
        ~ 'where n.digest is distinct from o.digest'
        ~ (' or n.dataset in (' ~ grouped | join(', ') ~ ')' if grouped)
    ) %}
    {%- set counted = run_query(
        'select (select count(*) from rewritten), (select count(*) from ' ~ relation ~ ')'
    ).rows[0] -%}
    {{- return(counted[0] <= var('rewrite_all_above') * counted[1]) -}}
{% endmacro %}

{# Every scan of the standard table in such a model carries this condition. As written it holds for every row; the
   materialization narrows it. #}
{% macro in_rewritten(key) %}{{ key }} is not null and 'all' = 'all'{% endmacro %}
{% macro narrow_to_rewritten(sql) %}
    {{- return(modules.re.sub("(\\S+) is not null and 'all' = 'all'", "\\1 in (select id from rewritten)", sql)) -}}
{% endmacro %}
