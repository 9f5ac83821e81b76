-- A later step is never reached more often than an earlier one, none more often than instances began, and no strict
-- funnel counts more than the ordered one, nor that more than the one of any order.
with steps as (
    select * from {{ ref('mart_journey_funnel') }}
),

kinds as (
    select
        journey_key, business_model, step_no,
        max(case when kind = 'strict' then instances end) as strict_instances,
        max(case when kind = 'ordered' then instances end) as ordered_instances,
        max(case when kind = 'any' then instances end) as any_instances
    from steps
    group by journey_key, business_model, step_no
)

select journey_key, business_model, step_no from steps
where instances > previous_instances or instances > started
union all
select journey_key, business_model, step_no from kinds
where strict_instances > ordered_instances or ordered_instances > any_instances
