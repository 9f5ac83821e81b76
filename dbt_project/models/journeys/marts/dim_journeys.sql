with final as (
    select
        journey_key, journey_id, version, status, is_current, name, owner_function, use_case,
        job_to_be_done, parent, entity, inactivity_s, reentry,
        cooldown_s, max_duration_s, correlate_by, fingerprint
    from {{ ref('int_journeys__declared') }}
)

select * from final
