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
        {{ c360.local_date('s.occurred_at', 'r.timezone') }} as occurred_date,
        coalesce(s.occurred_at > r.as_of, false) as is_ahead
    from statements as s
    cross join run as r
),

-- At one instant a withdrawal wins over a grant. A statement that names no channel speaks for all of them, and ends
-- what was said of one channel before. What is said after the as-of instant is not current yet.
ranked as (
    select
        *,
        row_number() over (
            partition by customer_id, purpose, channel, is_ahead
            order by occurred_at desc nulls last, granted nulls last, consent_id
        ) as place,
        max(case when channel is null then occurred_at end) over (
            partition by customer_id, purpose, is_ahead
        ) as said_for_all_at
    from identified
),

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
        customer_id is not null
        and not is_ahead
        and place = 1
        and (
            channel is null
            or said_for_all_at is null
            or coalesce(occurred_at >= said_for_all_at, false)
        ) as is_current,
        arrived_on,
        part_seq,
        landed_at
    from ranked
)

select * from final
order by customer_id, occurred_at, consent_id
