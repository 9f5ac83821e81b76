-- One interaction per answered record: where an answer was given, and about which order or case.
{% set datasets = c360.suppliers_of('std_surveys') %}

with answered as (
    select distinct
        dataset,
        record_id
    from {{ ref('std_surveys') }}
),

ranked as (
    select
        i.dataset,
        i.record_id,
        {{ c360.as_uuid('i.interaction_id') }} as interaction_id,
        row_number() over (
            partition by i.dataset, i.record_id
            order by i.occurred_at, i.slot, i.interaction_id
        ) as place
    from {{ ref('std_interactions') }} as i
    inner join answered as a
        on i.dataset = a.dataset and i.record_id = a.record_id
    {% if datasets %}where i.dataset in ({{ datasets | join(', ') }}){% endif %}
),

final as (
    select
        r.dataset,
        r.record_id,
        f.customer_id,
        f.resolved_by,
        f.touchpoint,
        f.order_key,
        f.case_key
    from ranked as r
    inner join {{ ref('fct_interactions') }} as f
        on r.interaction_id = f.interaction_id
    where r.place = 1
)

select * from final
