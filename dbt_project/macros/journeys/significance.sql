{# How likely chance alone is to give what was seen, in plain SQL. Arguments are names of columns: they are repeated.
   Put here: tails and corrections. Keep out: what is compared with what. #}

{# The share of the standard normal distribution above z; relative error below 2e-7 however small it is
   (Press et al., Numerical Recipes, section 6.2: erfc by a Chebyshev fit). #}
{% macro normal_tail(z) %}
    {%- set x = '(abs(' ~ z ~ ') / 1.4142135623730951)' -%}
    {%- set t = '(1 / (1 + 0.5 * ' ~ x ~ '))' -%}
    {%- set coefficients = [
        '-0.82215223', '1.48851587', '-1.13520398', '0.27886807', '-0.18628806', '0.09678418', '0.37409196',
        '1.00002368', '-1.26551223'
    ] -%}
    {%- set fit = namespace(of='0.17087277') -%}
    {%- for coefficient in coefficients %}{% set fit.of = coefficient ~ ' + ' ~ t ~ ' * (' ~ fit.of ~ ')' %}{% endfor -%}
    {%- set tail = '0.5 * ' ~ t ~ ' * exp(-' ~ x ~ ' * ' ~ x ~ ' + ' ~ fit.of ~ ')' -%}
    case when {{ z }} >= 0 then {{ tail }} else 1 - {{ tail }} end
{% endmacro %}

{# The chance that a cell of n deviates so much or more from the all_n it belongs to; null where either side is too small to
   say, 1 where nothing deviates. #}
{% macro chance_of(deviate, n, all_n) %}
    case
        when {{ n }} < 10 or {{ all_n }} - {{ n }} < 10 then null
        when {{ deviate }} is null then 1.0
        else {{ c360.normal_tail(deviate) }}
    end
{% endmacro %}

{# A normal deviate for having `hits` or more among `n`, when `all_hits` are spread at random over `all_n`: the signed root
   of the likelihood ratio with half a hit of continuity. Against the exact hypergeometric tail it is off by less than a
   quarter downwards and by a factor of 4 upwards for tails down to 1e-15, also in cells of five; null where no outcome
   has fewer. Doubles. #}
{% macro share_deviate(hits, n, all_hits, all_n) %}
    {%- set parts = [
        [hits ~ ' - 0.5', n ~ ' * ' ~ all_hits],
        [n ~ ' - ' ~ hits ~ ' + 0.5', n ~ ' * (' ~ all_n ~ ' - ' ~ all_hits ~ ')'],
        [all_hits ~ ' - ' ~ hits ~ ' + 0.5', '(' ~ all_n ~ ' - ' ~ n ~ ') * ' ~ all_hits],
        [all_n ~ ' - ' ~ n ~ ' - ' ~ all_hits ~ ' + ' ~ hits ~ ' - 0.5',
         '(' ~ all_n ~ ' - ' ~ n ~ ') * (' ~ all_n ~ ' - ' ~ all_hits ~ ')'],
    ] -%}
    case
        when {{ hits }} > 0 and {{ all_n }} - {{ n }} > {{ all_hits }} - {{ hits }}
            then
                sign(({{ hits }} - 0.5) * {{ all_n }} - 1.0 * {{ n }} * {{ all_hits }}) * sqrt(
                    2 * greatest(
                        0.0
                        {%- for seen, expected in parts %}
                        {{ ', ' if loop.first else '+ ' }}({{ seen }}) * ln(({{ seen }}) * {{ all_n }} / (1.0 * {{ expected }}))
                        {%- endfor %}
                    )
                )
    end
{% endmacro %}

{# `relation` with a column `q_value`: `p_value` corrected for the number of tests of a group (Benjamini and Hochberg 1995);
   null where nothing was tested. #}
{% macro correct_for_tests(relation, by) %}
    select
        ranked.*,
        case
            when p_value is not null
                then
                    least(
                        1.0,
                        min(p_value * tests / p_no) over (
                            partition by {{ by }} order by p_no desc rows between unbounded preceding and current row
                        )
                    )
        end as q_value
    from (
        select
            *,
            row_number() over (partition by {{ by }} order by p_value nulls last) as p_no,
            count(p_value) over (partition by {{ by }}) as tests
        from {{ relation }}
    ) as ranked
{% endmacro %}
