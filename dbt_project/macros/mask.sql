{# Personal data on its way to a published table.
   Put here: one macro per masking of quality/definitions.yml. Keep out: which column gets which (the models say that).
   A token is HMAC-SHA256(key, value) in lower-case hex: whoever holds the key can compute it elsewhere and join.
   The key reaches SQL as two padded halves in session variables, set by pipelines.publish.key_plugin, so it is
   neither in target/ nor in a log. Without them the query fails: a token must never be silently null. #}

{% macro mask_token(value) %}{{ return(adapter.dispatch('mask_token', 'c360')(value)) }}{% endmacro %}
{% macro duckdb__mask_token(value) -%}
    sha256({{ c360.duckdb__key_pad('c360_outer_pad') }} || unhex(sha256({{ c360.duckdb__key_pad('c360_inner_pad') }} || encode({{ value }}))))
{%- endmacro %}
{% macro duckdb__key_pad(name) -%}
    coalesce(getvariable('{{ name }}'), cast(error('session variable {{ name }} is not set: add pipelines.publish.key_plugin to the plugins of profiles.yml') as blob))
{%- endmacro %}

{# E-mail and phone in the form that is hashed: equal for two spellings of one value. #}
{% macro canonical_email(email) %}lower(trim({{ email }})){% endmacro %}
{% macro canonical_phone(phone) -%}
    case
        when trim({{ phone }}) like '00%' then '+' || substr({{ c360.keep_only(phone, '0-9') }}, 3)
        else {{ c360.keep_only(phone, '0-9+') }}
    end
{%- endmacro %}

{% macro mask_email_domain(email) -%}
    case when {{ email }} like '%_@_%' then lower(trim(substr({{ email }}, instr({{ email }}, '@') + 1))) end
{%- endmacro %}
{% macro mask_birth_year(birth_date) %}cast(extract(year from {{ birth_date }}) as integer){% endmacro %}

{# An address on the web up to its query, its fragment, or the first part with an @ in it: forms, mail links and logins
   carry personal data there. #}
{% macro mask_url(url) %}regexp_replace({{ url }}, '([?#]|[^/?#]*(@|%40)).*$', ''){% endmacro %}

{# Why an identity changed, in words only: `email edge 0a1b2c…` is published as `email`. The edge's digest is no keyed
   token, and what follows the words could be a value; both stay in the steward's file. #}
{% macro cause_rule(cause) -%}
    nullif(trim(regexp_extract(regexp_replace({{ cause }}, ' edge [0-9a-f]+$', ''), '^[a-z_ ]+', 0)), '')
{%- endmacro %}
