-- Whom this build rewrites: those who have changed since the last one that came to its end, are gone, or have a
-- deadline that has passed since; accounts and their people always. Nobody in the first build, which writes everybody.
with digested as (
    select * from {{ ref('int_journey_entities__digested') }}
),

built as (
    select * from {{ c360.last_build_of('int_journey_entities__built', c360.entities_built()) }}
),

waiting as (
    select entity_id, left_at
    from {{ c360.last_build_of('int_journey_spans__walked', c360.spans_walked()) }}
    where left_by >= 6
),

built_before as (
    select count(*) as entities from built
),

runs as (
    select max(b.as_of) as built_as_of, max(r.as_of) as as_of
    from built as b
    cross join {{ source('control', 'run') }} as r
),

final as (
    select coalesce(d.entity_id, b.entity_id) as entity_id
    from digested as d
    full outer join built as b on d.entity_id = b.entity_id
    cross join built_before as n
    where
        n.entities > 0
        and (
            d.entity_id is null
            or b.entity_id is null
            or d.digest <> b.digest
            or (d.digest is null) <> (b.digest is null)
            or d.is_of_account
            or b.is_of_account
        )
    union
    select w.entity_id
    from waiting as w
    inner join runs as r on w.left_at >= r.built_as_of and w.left_at < r.as_of
)

select * from final
