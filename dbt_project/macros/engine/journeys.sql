{# Constructs of the journey models where engines differ. Put here: one dispatch macro each. Keep out: business rules. #}

{# The text of one key of flat JSON; the key is an expression, a number or truth value comes as its text. #}
{% macro json_text(json, key) %}{{ return(adapter.dispatch('json_text', 'c360')(json, key)) }}{% endmacro %}
{% macro duckdb__json_text(json, key) %}json_extract_string({{ json }}, '$."' || {{ key }} || '"'){% endmacro %}
{% macro spark__json_text(json, key) %}get_json_object({{ json }}, concat('$[''', {{ key }}, ''']')){% endmacro %}

{# The values of a group as one text, in the order of `by`, which is unique in the group. #}
{% macro listagg_by(value, by, separator) %}{{ return(adapter.dispatch('listagg_by', 'c360')(value, by, separator)) }}{% endmacro %}
{% macro duckdb__listagg_by(value, by, separator) %}string_agg({{ value }}, '{{ separator }}' order by {{ by }}){% endmacro %}
{% macro spark__listagg_by(value, by, separator) %}array_join(transform(array_sort(collect_list(struct({{ by }} as k, {{ value }} as v))), x -> x.v), '{{ separator }}'){% endmacro %}
