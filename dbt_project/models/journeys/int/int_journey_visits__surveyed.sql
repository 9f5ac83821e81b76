-- An answer belongs to the visit with its case or order; else to the latest within seven days before, the same
-- touchpoint first; to one visit at most, of the current version where several versions share the interaction. Scales
-- differ from survey to survey: satisfaction is told in points from 1 to 5, effort from 1 to 7, whatever was asked.
with answers as (
    select
        customer_id, response_key, responded_at, order_key, case_key, touchpoint,
        sum(case when metric = 'csat' then 1 + 4 * cast(score_01 as decimal(18, 8)) end) as csat,
        count(case when metric = 'csat' then 1 end) as csat_answers,
        sum(case when metric = 'ces' then 1 + 6 * cast(score_01 as decimal(18, 8)) end) as effort,
        count(case when metric = 'ces' then 1 end) as effort_answers
    from {{ ref('fct_survey_responses') }}
    where
        customer_id is not null
        and metric in ('csat', 'ces')
        and score_01 is not null
        and responded_at <= (select max(as_of) from {{ source('control', 'run') }})
    group by customer_id, response_key, responded_at, order_key, case_key, touchpoint
),

numbered_answers as (
    select
        *,
        row_number() over (
            order by customer_id, response_key, responded_at, order_key, case_key, touchpoint
        ) as answer_no
    from answers
),

interactions as (
    select customer_id, interaction_id, touchpoint, order_key, case_key
    from {{ ref('fct_interactions') }}
    where customer_id in (select customer_id from answers)
),

members as (
    select entity_id, journey_no, instance_id, visit_seq, {{ c360.each_of('members') }} as member
    from {{ ref('int_journey_visits__numbered') }}
),

staged as (
    select
        m.entity_id,
        m.journey_no,
        m.instance_id,
        m.visit_seq,
        {{ c360.field('m.member', 'row_no') }} as row_no,
        {{ c360.field('m.member', 'occurred_at') }} as occurred_at,
        i.customer_id,
        i.touchpoint,
        i.order_key,
        i.case_key
    from members as m
    inner join interactions as i on {{ c360.field('m.member', 'interaction_id') }} = i.interaction_id
),

journeys as (
    select journey_no, is_current from {{ source('control', 'journeys') }}
),

possible as (
    select
        a.*,
        s.entity_id,
        s.journey_no,
        s.instance_id,
        s.visit_seq,
        s.row_no,
        s.occurred_at,
        s.occurred_at <= a.responded_at as is_before,
        coalesce(s.order_key = a.order_key, false) or coalesce(s.case_key = a.case_key, false) as is_same_matter,
        coalesce(s.touchpoint = a.touchpoint, false) as is_same_touchpoint
    from numbered_answers as a
    inner join staged as s on a.customer_id = s.customer_id
),

ranked as (
    select
        p.*,
        row_number() over (
            partition by p.answer_no
            order by
                case when p.is_same_matter then 0 else 1 end,
                case when p.is_same_matter and not p.is_before then 1 else 0 end,
                case when p.is_same_touchpoint or p.is_same_matter then 0 else 1 end,
                p.occurred_at desc,
                case when j.is_current then 0 else 1 end,
                p.journey_no,
                p.row_no desc
        ) as choice
    from possible as p
    inner join journeys as j on p.journey_no = j.journey_no
    where p.is_same_matter or (p.is_before and p.occurred_at >= p.responded_at - interval '7' day)
),

final as (
    select
        entity_id,
        instance_id,
        visit_seq,
        cast(sum(csat) / nullif(sum(csat_answers), 0) as decimal(9, 4)) as csat,
        cast(sum(effort) / nullif(sum(effort_answers), 0) as decimal(9, 4)) as effort
    from ranked
    where choice = 1
    group by entity_id, instance_id, visit_seq
)

select * from final
