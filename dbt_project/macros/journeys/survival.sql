{# `relation` with a column `survival`: the share not yet through after `time`, by Kaplan and Meier (1958), the product of
   (1 - events / at risk) over the times of a group, as a running sum of logarithms. It is rounded, since the last bits
   of an exponential differ between engines.
   `relation` has one row per group (the columns `by`) and `time`, with how many were observed to that time (`members`)
   and how many of these were through then (`events`); the others are known only to have lasted so long. #}
{% macro survive(relation, by, time, members, events) %}
    select
        at_risk.*,
        round(
            exp(
                sum(
                    case
                        when {{ events }} = still_here then -10000.0
                        else ln(1 - 1.0 * {{ events }} / still_here)
                    end
                ) over (partition by {{ by }} order by {{ time }} rows between unbounded preceding and current row)
            ),
            9
        ) as survival
    from (
        select
            *,
            sum({{ members }}) over (
                partition by {{ by }} order by {{ time }} rows between current row and unbounded following
            ) as still_here
        from {{ relation }}
    ) as at_risk
{% endmacro %}
