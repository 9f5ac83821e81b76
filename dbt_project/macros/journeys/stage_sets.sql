{# Sets of stages, channels or traits as the bits of one BIGINT: number n (from 1) is the bit 2^(n-1).
   Put here: making, reading and choosing from such a set. Keep out: what a journey means. #}

{# The set of one number. Doubles are exact up to 2^53, so wider sets are put together from two halves. #}
{% macro bit(number) -%}
    (cast(power(2, least({{ number }} - 1, 30)) as bigint) * cast(power(2, greatest({{ number }} - 31, 0)) as bigint))
{%- endmacro %}

{# The smallest number of a set. #}
{% macro first_of(set) -%}
    (cast(bit_count(({{ set }} & -({{ set }})) - 1) as integer) + 1)
{%- endmacro %}

{# The members of a set with a number above `number` (0: all of them). #}
{% macro above(set, number) -%}
    ({{ set }} - ({{ set }} & ({{ c360.bit(number ~ ' + 1') }} - 1)))
{%- endmacro %}

{# Several stages match: the current stage; else the first declared after it; else the first declared.
   `current` is 0 where no stage is current. #}
{% macro choose_stage(candidates, current) -%}
    case
        when {{ current }} > 0 and ({{ candidates }} & {{ c360.bit('greatest(' ~ current ~ ', 1)') }}) <> 0 then {{ current }}
        when {{ c360.above(candidates, current) }} <> 0 then {{ c360.first_of(c360.above(candidates, current)) }}
        else {{ c360.first_of(candidates) }}
    end
{%- endmacro %}
