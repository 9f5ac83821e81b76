with items as (
    select * from {{ source('control', 'touchpoint_items') }}
),

steps as (
    select * from {{ ref('int_journey_steps__ordered') }}
),

interactions as (
    select * from {{ ref('fct_interactions') }}
    where touchpoint in (select touchpoint from items)
),

viewed as (
    select
        s.instance_id,
        s.visit_seq,
        m.attribute,
        coalesce(s.previous_visit_seq <> s.visit_seq, true) as is_at_entry,
        {{ c360.json_text('i.attributes', 'm.attribute') }} as item
    from steps as s
    inner join interactions as i on s.interaction_id = i.interaction_id
    inner join items as m on i.touchpoint = m.touchpoint
),

final as (
    select instance_id, visit_seq, attribute, item, {{ dbt.bool_or('is_at_entry') }} as is_at_entry
    from viewed
    where item is not null
    group by instance_id, visit_seq, attribute, item
)

select * from final
