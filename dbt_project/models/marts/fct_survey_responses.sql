with resolved as (
    select * from {{ ref('int_surveys__resolved') }}
),

matched as (
    select * from {{ ref('int_survey_interactions__matched') }}
),

run as (
    select * from {{ ref('int_run__declared') }}
),

-- An answer of nobody's belongs to the customer of the interaction it was part of.
final as (
    select
        {{ c360.uuid_of(
            "concat("
            ~ "s.record_id, '|', coalesce(s.response_key, ''), '|', coalesce(s.survey, ''), '|', "
            ~ "coalesce(s.metric, ''), '|', coalesce(s.question, '')"
            ~ ")"
        ) }} as answer_id,
        s.response_key,
        s.dataset,
        coalesce(s.customer_id, m.customer_id) as customer_id,
        case
            when s.customer_id is null and m.customer_id is not null then m.resolved_by
            else s.resolved_by
        end as resolved_by,
        s.survey,
        s.metric,
        s.question,
        s.responded_at,
        {{ c360.local_date('s.responded_at', 'r.timezone') }} as responded_date,
        cast(s.score as double) as score,
        cast(s.scale_min as double) as scale_min,
        cast(s.scale_max as double) as scale_max,
        cast(s.score_01 as double) as score_01,
        m.touchpoint,
        m.order_key,
        m.case_key,
        s.arrived_on,
        s.part_seq,
        s.landed_at
    from resolved as s
    cross join run as r
    left join matched as m
        on s.dataset = m.dataset and s.record_id = m.record_id
)

select * from final
order by customer_id, responded_at, answer_id
