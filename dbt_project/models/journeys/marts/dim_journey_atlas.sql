with final as (
    select
        ancestor_id, ancestor_kind, ancestor_name, descendant_id, descendant_kind, descendant_name,
        depth, level, path, is_leaf
    from {{ ref('int_journey_atlas__declared') }}
)

select * from final
