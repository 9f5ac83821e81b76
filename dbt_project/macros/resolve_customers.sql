{# Rows of a standard table with `customer_id` and `resolved_by`; rows in = rows out.
   The strongest strong identifier decides (already chosen in identity.id_lookup); only a subject without one looks its
   device up: inside an interval the customer it was stitched to, outside every interval the device's own anonymous
   customer. One hash join on the device with the interval as residual condition: an ASOF join took twice as long. #}
{% macro resolve_customers(rows, at) %}
    select
        r.*,
        coalesce(l.customer_id, d.customer_id, a.customer_id) as customer_id,
        case
            when l.customer_id is not null then l.resolved_by
            when d.customer_id is not null then 'device'
            when a.customer_id is not null then 'anonymous'
            else 'none'
        end as resolved_by
    from {{ rows }} as r
    left join {{ source('identity', 'id_lookup') }} as l
        on r.subject_id = l.subject_id
    left join {{ ref('int_device_intervals__bounded') }} as d
        on
            case when l.customer_id is null then l.device_key end = d.device_key
            and r.{{ at }} >= d.valid_from
            and r.{{ at }} < d.valid_to
    left join {{ source('identity', 'device_customers') }} as a
        on case when l.customer_id is null then l.device_key end = a.device_key
{% endmacro %}
