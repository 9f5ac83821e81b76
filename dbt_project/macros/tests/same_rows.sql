{# As many rows as the relation it was made from: nothing lost, nothing multiplied by a join.
   `distinct_by`: count the other side's distinct combinations of these columns instead of its rows. #}
{% test same_rows(model, compare_to, distinct_by=none) %}
    with here as (
        select count(*) as n from {{ model }}
    ),

    there as (
        select count(*) as n
        from
            {% if distinct_by %}(select distinct {{ distinct_by | join(', ') }} from {{ compare_to }}) as d
            {% else %}{{ compare_to }}
            {% endif %}
    )

    select
        here.n as rows_here,
        there.n as rows_there
    from here
    cross join there
    where here.n <> there.n
{% endtest %}
