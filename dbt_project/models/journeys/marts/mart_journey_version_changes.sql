with final as (
    select
        journey_key, previous_journey_key, journey_id, version, previous_version,
        change_no, kind, change, path, before, after
    from {{ ref('int_journey_version_changes__declared') }}
)

select * from final
