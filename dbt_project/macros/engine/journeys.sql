{# Constructs of the journey models where engines differ. Put here: one dispatch macro each. Keep out: business rules. #}

{# The text of one key of flat JSON; the key is an expression, a number or truth value comes as its text. #}
{% macro json_text(json, key) %}{{ return(adapter.dispatch('json_text', 'c360')(json, key)) }}{% endmacro %}
{% macro duckdb__json_text(json, key) %}json_extract_string({{ json }}, '$."' || {{ key }} || '"'){% endmacro %}
{% macro spark__json_text(json, key) %}get_json_object({{ json }}, concat('$[''', {{ key }}, ''']')){% endmacro %}

{# The values of a group as one text, in the order of `by`, which is unique in the group. #}
{% macro listagg_by(value, by, separator) %}{{ return(adapter.dispatch('listagg_by', 'c360')(value, by, separator)) }}{% endmacro %}
{% macro duckdb__listagg_by(value, by, separator) %}string_agg({{ value }}, '{{ separator }}' order by {{ by }}){% endmacro %}
{% macro spark__listagg_by(value, by, separator) %}array_join(transform(array_sort(collect_list(struct({{ by }} as k, {{ value }} as v))), x -> x.v), '{{ separator }}'){% endmacro %}

{# The cheapest alignment of a path with its journey's net: a struct of cost, fitness and deviations. A function of
   pipelines/journeys/align.py that the session registers (on DuckDB by sql_functions.py), so both engines call it alike. #}
{% macro align_variant(net, path) %}{{ return(adapter.dispatch('align_variant', 'c360')(net, path)) }}{% endmacro %}
{% macro duckdb__align_variant(net, path) %}align_variant({{ net }}, {{ path }}){% endmacro %}
{% macro spark__align_variant(net, path) %}align_variant({{ net }}, {{ path }}){% endmacro %}

{# A field of a struct; all engines say it alike, but linters take `a.b.c` for a column of a table. #}
{% macro field(struct, name) %}({{ struct }}).{{ name }}{% endmacro %}

{# A row per element of an array, in a select. #}
{% macro each_of(array) %}{{ return(adapter.dispatch('each_of', 'c360')(array)) }}{% endmacro %}
{% macro duckdb__each_of(array) %}unnest({{ array }}){% endmacro %}
{% macro spark__each_of(array) %}explode({{ array }}){% endmacro %}

{# Columns of a row as one number that is another for other values but for chance: once in 2^38 rows or rarer. Spark leaves
   nulls out, so there each comes with whether it is one. #}
{% macro row_digest(columns) %}{{ return(adapter.dispatch('row_digest', 'c360')(columns)) }}{% endmacro %}
{% macro duckdb__row_digest(columns) %}hash({{ columns | join(', ') }}){% endmacro %}
{% macro spark__row_digest(columns) %}xxhash64({% for c in columns %}{{ c }}, {{ c }} is null{{ ', ' if not loop.last }}{% endfor %}){% endmacro %}
