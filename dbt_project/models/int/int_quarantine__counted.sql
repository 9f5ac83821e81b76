select
    dataset,
    batch_id,
    arrived_on,
    kind,
    column_name,
    rule_id,
    quarantined,
    state
from {{ source('control', 'quarantine') }}
