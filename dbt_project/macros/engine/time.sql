{# Days and instants, where engines differ. Instants are UTC without a zone; a *_date is a day in the company's zone. #}

{# The day of a UTC instant in a zone. #}
{% macro local_date(instant, zone) %}{{ return(adapter.dispatch('local_date', 'c360')(instant, zone)) }}{% endmacro %}
{% macro duckdb__local_date(instant, zone) %}cast(timezone({{ zone }}, timezone('UTC', {{ instant }})) as date){% endmacro %}
{% macro spark__local_date(instant, zone) %}cast(from_utc_timestamp({{ instant }}, {{ zone }}) as date){% endmacro %}

{# Whole seconds from one instant to another. #}
{% macro seconds_between(start, end) %}{{ return(adapter.dispatch('seconds_between', 'c360')(start, end)) }}{% endmacro %}
{% macro duckdb__seconds_between(start, end) %}cast(date_diff('second', {{ start }}, {{ end }}) as bigint){% endmacro %}
{% macro spark__seconds_between(start, end) %}cast(unix_seconds(cast({{ end }} as timestamp)) - unix_seconds(cast({{ start }} as timestamp)) as bigint){% endmacro %}

{# One row per day, column `day`, from the single row of `bounds` (columns first_day, last_day). #}
{% macro days_between(bounds) %}{{ return(adapter.dispatch('days_between', 'c360')(bounds)) }}{% endmacro %}
{% macro duckdb__days_between(bounds) %}select cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as day from {{ bounds }}{% endmacro %}
{% macro spark__days_between(bounds) %}select explode(sequence(first_day, last_day, interval 1 day)) as day from {{ bounds }}{% endmacro %}
