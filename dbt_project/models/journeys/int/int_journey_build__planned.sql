-- Whether this build rewrites everybody: the first one, one judged at an earlier instant or by other rules (journeys,
-- channels or the code that reads them), or one in which so many have changed that rewriting all is quicker. A replay
-- rewrites everybody, but in one version of one journey only (`replays`); `replays` is emptied when it has come to its
-- end (pipelines/replay.py), so that the build after one that did not rewrites all.
with touched as (
    select count(*) as entities from {{ ref('int_journey_entities__touched') }}
),

channels as (
    select {{ c360.listagg_distinct('channel') }} as channels from {{ ref('int_channels__numbered') }}
),

run as (
    select max(r.as_of) as as_of, max(r.journeys_fingerprint || ' ' || coalesce(c.channels, '')) as fingerprint
    from {{ source('control', 'run') }} as r
    cross join channels as c
),

built as (
    select max(as_of) as as_of, max(fingerprint) as fingerprint, count(*) as entities
    from {{ c360.last_build_of('int_journey_entities__built', c360.entities_built()) }}
),

planned_before as (
    select max(replays) as replays
    from {{ c360.last_build_of('int_journey_build__planned', {'replays': dbt.type_string()}) }}
),

final as (
    select
        r.as_of,
        r.fingerprint,
        t.entities as touched,
        b.entities = 0
        or r.as_of < b.as_of
        or r.fingerprint <> b.fingerprint
        or t.entities > {{ var('rewrite_all_above') }} * b.entities
        or p.replays is not null
        or {{ "'" ~ var('replays') ~ "'" }} <> '' as is_whole,
        cast(nullif({{ "'" ~ var('replays') ~ "'" }}, '') as {{ dbt.type_string() }}) as replays
    from run as r
    cross join touched as t
    cross join built as b
    cross join planned_before as p
)

select * from final
