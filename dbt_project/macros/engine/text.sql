{# Text and ids, where engines differ. Put here: one dispatch macro per construct. Keep out: business rules. #}

{# An md5 of text as an id: uuid on DuckDB (16 bytes), text of the same 32 digits on Spark. #}
{% macro uuid_of(text) %}{{ return(adapter.dispatch('uuid_of', 'c360')(text)) }}{% endmacro %}
{% macro duckdb__uuid_of(text) %}cast(md5({{ text }}) as uuid){% endmacro %}
{% macro spark__uuid_of(text) %}md5({{ text }}){% endmacro %}

{# An id that is already an md5, in the engine's id type. #}
{% macro as_uuid(id) %}{{ return(adapter.dispatch('as_uuid', 'c360')(id)) }}{% endmacro %}
{% macro duckdb__as_uuid(id) %}cast({{ id }} as uuid){% endmacro %}
{% macro spark__as_uuid(id) %}cast({{ id }} as string){% endmacro %}

{# Distinct values of a group as one text, sorted; null values are left out, an empty group is null. #}
{% macro listagg_distinct(value, separator=',') %}{{ return(adapter.dispatch('listagg_distinct', 'c360')(value, separator)) }}{% endmacro %}
{% macro duckdb__listagg_distinct(value, separator) %}nullif(array_to_string(list_sort(list(distinct {{ value }}) filter (where {{ value }} is not null)), '{{ separator }}'), ''){% endmacro %}
{% macro spark__listagg_distinct(value, separator) %}nullif(array_join(array_sort(collect_set({{ value }})), '{{ separator }}'), ''){% endmacro %}

{# The value of the row with the smallest `by`; `by` must be unique in the group, or the answer is not repeatable. #}
{% macro first_by(value, by) %}{{ return(adapter.dispatch('first_by', 'c360')(value, by)) }}{% endmacro %}
{% macro duckdb__first_by(value, by) %}arg_min({{ value }}, {{ by }}){% endmacro %}
{% macro spark__first_by(value, by) %}min_by({{ value }}, {{ by }}){% endmacro %}

{# Text with every character outside the class removed; the class is a plain regular expression. #}
{% macro keep_only(text, character_class) %}{{ return(adapter.dispatch('keep_only', 'c360')(text, character_class)) }}{% endmacro %}
{% macro duckdb__keep_only(text, character_class) %}regexp_replace({{ text }}, '[^{{ character_class }}]', '', 'g'){% endmacro %}
{% macro spark__keep_only(text, character_class) %}regexp_replace({{ text }}, '[^{{ character_class }}]', ''){% endmacro %}
