{# One version of a journey made anew from the stored interactions, in tables that builds rewrite by customer
   (customer_table.sql).
   Put here: which rows leave and come back. Keep out: when a replay may be done (pipelines/replay.py). #}

{# The version of a journey that this build replays; none: all of them are built. #}
{% macro replayed_version() %}
    {%- set planned = run_query('select replays from ' ~ c360.of_journeys('int_journey_build__planned')) -%}
    {{- return(planned.columns[0].values()[0]) -}}
{% endmacro %}

{# In one transaction the rows of one version of a journey leave, and come back as they are now; no other row is touched. #}
{% macro write_replayed(target_relation, ready, version) %}
    {%- set columns = adapter.get_columns_in_relation(target_relation) | map(attribute='name') | list -%}
    {%- set of_version -%}
        {%- if 'journey_key' in columns -%}
            journey_key = '{{ version }}'
        {%- else -%}
            journey_no in (select journey_no from {{ source('control', 'journeys') }} where journey_key = '{{ version }}')
        {%- endif -%}
    {%- endset -%}
    {%- set count = 1 if ready is not none or config.get('is_streamed', false) else c360.count_ranges() -%}
    {% call statement('deleted') -%}
        delete from {{ target_relation }} where {{ of_version }}
    {%- endcall %}
    {% for number in range(count) %}
        {%- set sql = c360.narrow_to_range(compiled_code, number, count) if count > 1 else compiled_code -%}
        {% call statement('main' if number == 0 else 'range_' ~ number) -%}
            insert into {{ target_relation }} ({{ columns | join(', ') }})
            select {{ columns | join(', ') }} from {{ ready if ready is not none else '(' ~ sql ~ ')' }} as replayed
            where {{ of_version }}
        {%- endcall %}
    {% endfor %}
{% endmacro %}

{# Answers are given to one visit over all journeys, so a replay may take one from a visit of another version, or leave it
   one: the only rows of others it changes. #}
{% macro move_answers(visits) %}
    {%- if execute and c360.replayed_version() -%}
        {%- set answers = c360.of_journeys('int_journey_visits__surveyed') -%}
        {%- set same_visit = 'u.instance_id = v.instance_id and u.visit_seq = v.visit_seq' -%}
        update {{ visits }} as v set
            csat = (select u.csat from {{ answers }} as u where {{ same_visit }}),
            effort = (select u.effort from {{ answers }} as u where {{ same_visit }})
        where
            not exists (
                select 1 from {{ answers }} as u
                where
                    {{ same_visit }}
                    and coalesce(u.csat, -1) = coalesce(v.csat, -1) and coalesce(u.effort, -1) = coalesce(v.effort, -1)
            )
            and (
                v.csat is not null or v.effort is not null
                or exists (select 1 from {{ answers }} as u where {{ same_visit }})
            )
    {%- endif -%}
{% endmacro %}
