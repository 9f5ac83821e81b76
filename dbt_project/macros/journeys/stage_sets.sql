{# Sets of stages, channels or traits as the bits of one BIGINT: number n (from 1) is the bit 2^(n-1).
   Put here: making such a set. Keep out: what a journey means. #}

{# The set of one number. Doubles are exact up to 2^53, so wider sets are put together from two halves. #}
{% macro bit(number) -%}
    (cast(power(2, least({{ number }} - 1, 30)) as bigint) * cast(power(2, greatest({{ number }} - 31, 0)) as bigint))
{%- endmacro %}
