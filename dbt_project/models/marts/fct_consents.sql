-- The same statement landed again (a re-sent file, a corrected part) is one statement: its first arrival counts.
with statements as (
    select
        dataset,
        record_id,
        customer_id,
        resolved_by,
        purpose,
        lawful_basis,
        channel,
        granted,
        occurred_at,
        min(arrived_on) as arrived_on,
        min(part_seq) as part_seq,
        min(landed_at) as landed_at
    from {{ ref('int_consents__resolved') }}
    group by
        dataset,
        record_id,
        customer_id,
        resolved_by,
        purpose,
        lawful_basis,
        channel,
        granted,
        occurred_at
),

run as (
    select * from {{ ref('int_run__declared') }}
),

identified as (
    select
        {{ c360.uuid_of(
            "concat("
            ~ "s.record_id, '|', coalesce(cast(s.customer_id as " ~ dbt.type_string() ~ "), ''), '|', "
            ~ "coalesce(s.purpose, ''), '|', coalesce(s.lawful_basis, ''), '|', coalesce(s.channel, ''), '|', "
            ~ "coalesce(cast(s.granted as " ~ dbt.type_string() ~ "), ''), '|', "
            ~ "coalesce(cast(s.occurred_at as " ~ dbt.type_string() ~ "), '')"
            ~ ")"
        ) }} as consent_id,
        s.*,
        {{ c360.local_date('s.occurred_at', 'r.timezone') }} as occurred_date
    from statements as s
    cross join run as r
),

-- At one instant a withdrawal wins over a grant.
final as (
    select
        consent_id,
        dataset,
        customer_id,
        resolved_by,
        purpose,
        lawful_basis,
        channel,
        granted,
        occurred_at,
        occurred_date,
        customer_id is not null and row_number() over (
            partition by customer_id, purpose, channel
            order by occurred_at desc nulls last, granted, consent_id
        ) = 1 as is_current,
        arrived_on,
        part_seq,
        landed_at
    from identified
)

select * from final
order by customer_id, occurred_at, consent_id
