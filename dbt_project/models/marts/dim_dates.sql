with days as (
    select occurred_date as day from {{ ref('fct_interactions') }}
    union all
    select ordered_date from {{ ref('fct_orders') }}
    union all
    select opened_date from {{ ref('fct_cases') }}
    union all
    select closed_date from {{ ref('fct_cases') }}
    union all
    select responded_date from {{ ref('fct_survey_responses') }}
    union all
    select occurred_date from {{ ref('fct_consents') }}
    union all
    select {{ c360.local_date('as_of', 'timezone') }} from {{ ref('int_run__declared') }}
),

bounds as (
    select
        cast({{ dbt.date_trunc('year', 'min(day)') }} as date) as first_day,
        max(day) as last_day
    from days
    where day is not null
),

spine as (
    {{ c360.days_between('bounds') }}
),

final as (
    select
        day as date_day,
        cast(extract(year from day) as integer) as year,
        cast(extract(quarter from day) as integer) as quarter,
        cast(extract(month from day) as integer) as month,
        cast({{ dbt.date_trunc('month', 'day') }} as date) as month_start,
        cast({{ dbt.date_trunc('week', 'day') }} as date) as week_start,
        cast(extract(week from day) as integer) as iso_week,
        cast({{ dbt.datediff(dbt.date_trunc('week', 'day'), 'day', 'day') }} as integer) + 1 as day_of_week,
        {{ dbt.datediff(dbt.date_trunc('week', 'day'), 'day', 'day') }} >= 5 as is_weekend
    from spine
)

select * from final
