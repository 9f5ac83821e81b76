select
    device_key,
    customer_id,
    coalesce(valid_from, timestamp '0001-01-01 00:00:00') as valid_from,
    coalesce(valid_to, timestamp '9999-12-31 00:00:00') as valid_to
from {{ source('identity', 'device_intervals') }}
