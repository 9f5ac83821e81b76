select
    dataset,
    version,
    status,
    owner,
    purpose,
    grain,
    received,
    landed,
    quarantined,
    is_stale,
    last_arrived_on
from {{ source('control', 'contracts') }}
