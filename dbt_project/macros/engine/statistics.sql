{# Statistics where engines differ. Put here: one dispatch macro each. Keep out: tests of significance (macros/journeys). #}

{# The value below which the share `p` of a group lies, between two values by their distance; null values are left out.
   Rounded to whole units: the last bits differ between engines. #}
{% macro percentile(value, p) %}{{ return(adapter.dispatch('percentile', 'c360')(value, p)) }}{% endmacro %}
{% macro duckdb__percentile(value, p) %}cast(round(quantile_cont(cast({{ value }} as double), {{ p }})) as bigint){% endmacro %}
{% macro spark__percentile(value, p) %}cast(round(percentile(cast({{ value }} as double), {{ p }})) as bigint){% endmacro %}
