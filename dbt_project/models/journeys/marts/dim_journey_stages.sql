with final as (
    select
        journey_key, stage_no, stage_id, name, is_entry, is_mandatory, terminal_outcome,
        sla_s, max_wait_s, is_moment_of_truth, expects
    from {{ ref('int_journey_stages__declared') }}
)

select * from final
