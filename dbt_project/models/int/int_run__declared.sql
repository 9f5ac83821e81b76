select
    run_id,
    as_of,
    company,
    country,
    timezone,
    currency
from {{ source('control', 'run') }}
