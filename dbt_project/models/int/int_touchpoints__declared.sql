select
    touchpoint,
    name,
    channel,
    is_online,
    assisted,
    initiator,
    use_case,
    unit_cost,
    attributes
from {{ source('control', 'touchpoints') }}
